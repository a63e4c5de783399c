-- serves: payaidctl cleanup RUN
-- why: What a load test wrote, found again without reading the table; in normal life this index is empty.
-- probe: SELECT id FROM "Deal" WHERE "loadRun" = 'none'
CREATE INDEX idx_deal_load_run ON "Deal" ("loadRun") WHERE "loadRun" IS NOT NULL;
