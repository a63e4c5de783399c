-- serves: GET /api/v1/finance/invoices?status={status}&sort=dueDate
-- why: Unpaid invoices by due date, and the dashboard's overdue figure.
-- probe: SELECT id, total FROM "Invoice" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "dueDate"
--   LIMIT 50
CREATE INDEX idx_invoice_tenant_status_due ON "Invoice" ("tenantId", status, "dueDate");
