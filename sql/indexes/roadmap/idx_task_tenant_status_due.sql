-- serves: GET /api/v1/crm/tasks?status={status}&sort=dueDate
-- why: Open tasks by due date, and the dashboard's count of those due.
-- probe: SELECT id, title FROM "Task" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "dueDate"
--   LIMIT 50
CREATE INDEX idx_task_tenant_status_due ON "Task" ("tenantId", status, "dueDate");
