-- serves: deleting a deal
-- why: The foreign key from an invoice to the deal that became it; the unique index leaves cancelled ones out.
-- probe: SELECT id FROM "Invoice" WHERE "tenantId" = {tenantId} AND "dealId" = 'none'
CREATE INDEX idx_invoice_deal_fk ON "Invoice" ("tenantId", "dealId") WHERE "dealId" IS NOT NULL;
