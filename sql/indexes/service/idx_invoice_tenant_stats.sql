-- serves: GET /api/v1/dashboard/stats
-- why: Receivables and revenue without visiting a row.
-- probe: SELECT sum(total) FILTER (WHERE status = 'sent'), sum(subtotal - discount) FILTER (WHERE "paidAt" < now()) FROM
--   "Invoice" WHERE "tenantId" = {tenantId}
CREATE INDEX idx_invoice_tenant_stats ON "Invoice" ("tenantId") INCLUDE (status, "dueDate", total, subtotal, discount, "paidAt");
