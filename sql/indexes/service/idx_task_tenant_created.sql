-- serves: GET /api/v1/crm/tasks
-- why: The plain list, newest first: its keyset is (createdAt, id), so every page is one short stretch of this
--   index.
-- probe: SELECT id FROM "Task" WHERE "tenantId" = {tenantId} ORDER BY "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_task_tenant_created ON "Task" ("tenantId", "createdAt" DESC, id DESC);
