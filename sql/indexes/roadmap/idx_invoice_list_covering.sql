-- serves: GET /api/v1/finance/invoices?status={status}&fields=invoiceNumber,total,dueDate
-- why: Invoice totals by status read the index alone: the columns shown are carried beside the keys.
-- probe: SELECT "invoiceNumber", total, "dueDate" FROM "Invoice" WHERE "tenantId" = {tenantId} AND status =
--   {status} LIMIT 50
CREATE INDEX idx_invoice_list_covering ON "Invoice" ("tenantId", status) INCLUDE ("invoiceNumber", total, "dueDate");
