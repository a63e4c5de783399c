-- serves: payaidctl cleanup RUN
-- why: What a load test wrote, found again without reading the table; in normal life this index is empty.
-- probe: SELECT id FROM "Order" WHERE "loadRun" = 'none'
CREATE INDEX idx_order_load_run ON "Order" ("loadRun") WHERE "loadRun" IS NOT NULL;
