-- serves: payaidctl cleanup RUN
-- why: What a load test wrote, found again without reading the table; in normal life this index is empty.
-- probe: SELECT id FROM "Contact" WHERE "loadRun" = 'none'
CREATE INDEX idx_contact_load_run ON "Contact" ("loadRun") WHERE "loadRun" IS NOT NULL;
