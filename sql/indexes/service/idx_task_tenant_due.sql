-- serves: GET /api/v1/crm/tasks?sort=dueDate
-- why: All tasks by due date, whatever their status.
-- probe: SELECT id FROM "Task" WHERE "tenantId" = {tenantId} ORDER BY "dueDate", id LIMIT 50
CREATE INDEX idx_task_tenant_due ON "Task" ("tenantId", "dueDate", id);
