-- serves: GET /api/v1/crm/orders
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Order" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_order_tenant_created ON "Order" ("tenantId", "createdAt" DESC, id DESC);
