-- serves: GET /api/v1/crm/contacts?status={status}&sort=-createdAt
-- why: The contact list filtered by status, newest first: equality columns lead, the order's column follows, so
--   a page is read without sorting.
-- probe: SELECT id, name FROM "Contact" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "createdAt"
--   DESC LIMIT 50
CREATE INDEX idx_contact_tenant_status_created ON "Contact" ("tenantId", status, "createdAt" DESC);
