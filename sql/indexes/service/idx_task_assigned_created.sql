-- serves: GET /api/v1/crm/tasks?assignedToId={assignedToId}
-- why: One person's tasks, newest first; and the foreign key, read when that person is removed.
-- probe: SELECT id FROM "Task" WHERE "tenantId" = {tenantId} AND "assignedToId" = {assignedToId} ORDER BY
--   "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_task_assigned_created ON "Task" ("tenantId", "assignedToId", "createdAt" DESC, id DESC);
