-- serves: GET /api/v1/crm/contacts/{customerId}/orders
-- why: A contact's orders, newest first; and the foreign key, which carries the tenant.
-- probe: SELECT id FROM "Order" WHERE "tenantId" = {tenantId} AND "customerId" = {customerId} ORDER BY
--   "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_order_customer_created ON "Order" ("tenantId", "customerId", "createdAt" DESC, id DESC);
