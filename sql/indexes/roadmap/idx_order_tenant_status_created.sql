-- serves: GET /api/v1/crm/orders?status={status}&sort=-createdAt
-- why: The order list filtered by status, newest first, read without sorting.
-- probe: SELECT id, total FROM "Order" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "createdAt"
--   DESC LIMIT 50
CREATE INDEX idx_order_tenant_status_created ON "Order" ("tenantId", status, "createdAt" DESC);
