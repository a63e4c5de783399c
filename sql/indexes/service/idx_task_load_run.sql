-- serves: payaidctl cleanup RUN
-- why: What a load test wrote, found again without reading the table; in normal life this index is empty.
-- probe: SELECT id FROM "Task" WHERE "loadRun" = 'none'
CREATE INDEX idx_task_load_run ON "Task" ("loadRun") WHERE "loadRun" IS NOT NULL;
