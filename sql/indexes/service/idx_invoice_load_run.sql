-- serves: payaidctl cleanup RUN
-- why: What a load test wrote, found again without reading the table; in normal life this index is empty.
-- probe: SELECT id FROM "Invoice" WHERE "loadRun" = 'none'
CREATE INDEX idx_invoice_load_run ON "Invoice" ("loadRun") WHERE "loadRun" IS NOT NULL;
