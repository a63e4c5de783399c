-- serves: GET /api/v1/crm/tasks?status={status}
-- why: The list of one status in the default order: the roadmap's index on status is ordered by something else.
-- probe: SELECT id FROM "Task" WHERE "tenantId" = {tenantId} AND status = {status} ORDER BY "createdAt" DESC, id
--   DESC LIMIT 50
CREATE INDEX idx_task_tenant_status_created ON "Task" ("tenantId", status, "createdAt" DESC, id DESC);
