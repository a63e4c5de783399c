-- serves: GET /api/v1/crm/contacts/{contactId}/tasks
-- why: A contact's tasks, newest first; and the foreign key, which carries the tenant.
-- probe: SELECT id FROM "Task" WHERE "tenantId" = {tenantId} AND "contactId" = {contactId} ORDER BY "createdAt"
--   DESC, id DESC LIMIT 50
CREATE INDEX idx_task_contact_created ON "Task" ("tenantId", "contactId", "createdAt" DESC, id DESC);
