-- serves: deleting an order
-- why: The foreign key from an invoice to its order; few invoices have one, so the others are left out.
-- probe: SELECT id FROM "Invoice" WHERE "tenantId" = {tenantId} AND "orderId" = 'none'
CREATE INDEX idx_invoice_order_fk ON "Invoice" ("tenantId", "orderId") WHERE "orderId" IS NOT NULL;
