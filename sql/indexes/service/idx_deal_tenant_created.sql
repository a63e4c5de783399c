-- serves: GET /api/v1/crm/deals
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_deal_tenant_created ON "Deal" ("tenantId", "createdAt" DESC, id DESC);
