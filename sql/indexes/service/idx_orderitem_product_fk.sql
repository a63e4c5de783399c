-- serves: deleting a product
-- why: The foreign key from an order's line to its product.
-- probe: SELECT id FROM "OrderItem" WHERE "tenantId" = {tenantId} AND "productId" = {productId}
CREATE INDEX idx_orderitem_product_fk ON "OrderItem" ("tenantId", "productId");
