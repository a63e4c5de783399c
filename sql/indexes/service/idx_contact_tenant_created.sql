-- serves: GET /api/v1/crm/contacts
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_contact_tenant_created ON "Contact" ("tenantId", "createdAt" DESC, id DESC);
