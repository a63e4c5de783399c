-- serves: GET /api/v1/crm/contacts/{contactId}/tasks
-- why: A contact's tasks; and without it, deleting a contact reads every task to keep the foreign key.
-- probe: SELECT id, title FROM "Task" WHERE "contactId" = {contactId}
CREATE INDEX idx_task_contact_fk ON "Task" ("contactId");
