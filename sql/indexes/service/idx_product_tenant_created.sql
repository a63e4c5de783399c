-- serves: GET /api/v1/crm/products
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Product" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_product_tenant_created ON "Product" ("tenantId", "createdAt" DESC, id DESC);
