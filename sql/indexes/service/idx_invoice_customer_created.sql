-- serves: GET /api/v1/crm/contacts/{customerId}/invoices
-- why: A contact's invoices, newest first; and the foreign key, which carries the tenant.
-- probe: SELECT id FROM "Invoice" WHERE "tenantId" = {tenantId} AND "customerId" = {customerId} ORDER BY
--   "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_invoice_customer_created ON "Invoice" ("tenantId", "customerId", "createdAt" DESC, id DESC);
