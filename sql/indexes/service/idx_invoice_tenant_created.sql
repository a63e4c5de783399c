-- serves: GET /api/v1/finance/invoices
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Invoice" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_invoice_tenant_created ON "Invoice" ("tenantId", "createdAt" DESC, id DESC);
