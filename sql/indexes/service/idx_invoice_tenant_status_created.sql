-- serves: GET /api/v1/finance/invoices?status={status}
-- why: The list of one status in the default order: the roadmap's index on status is ordered by something else.
-- probe: SELECT id FROM "Invoice" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "createdAt" DESC,
--   id DESC LIMIT 50
CREATE INDEX idx_invoice_tenant_status_created ON "Invoice" ("tenantId", status, "createdAt" DESC, id DESC);
