-- The invoice that a deal became.
--
-- Why unique: a deal is converted once, however often and from wherever it is asked for at the same moment. Cancelled
-- invoices do not count, so that a mistake can be cancelled and the deal converted again.

ALTER TABLE "Deal" ADD CONSTRAINT "Deal_tenantId_id_key" UNIQUE ("tenantId", id);
ALTER TABLE "Invoice"
    ADD COLUMN "dealId" text,
    ADD FOREIGN KEY ("tenantId", "dealId") REFERENCES "Deal" ("tenantId", id) ON DELETE SET NULL ("dealId");
CREATE UNIQUE INDEX "Invoice_tenantId_dealId_key" ON "Invoice" ("tenantId", "dealId") WHERE status <> 'cancelled';
