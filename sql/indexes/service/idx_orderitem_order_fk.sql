-- serves: GET /api/v1/crm/orders/{orderId}
-- why: An order's lines; and the foreign key.
-- probe: SELECT id FROM "OrderItem" WHERE "tenantId" = {tenantId} AND "orderId" = {orderId}
CREATE INDEX idx_orderitem_order_fk ON "OrderItem" ("tenantId", "orderId");
