-- serves: GET /api/v1/crm/contacts/{contactId}/deals
-- why: A contact's deals, newest first; and the foreign key, which carries the tenant.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} AND "contactId" = {contactId} ORDER BY "createdAt"
--   DESC, id DESC LIMIT 50
CREATE INDEX idx_deal_contact_created ON "Deal" ("tenantId", "contactId", "createdAt" DESC, id DESC);
