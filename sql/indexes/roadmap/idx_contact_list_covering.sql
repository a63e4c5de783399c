-- serves: GET /api/v1/crm/contacts?status={status}&fields=name,email,phone
-- why: Contact pickers and counts by status read the index alone: the columns shown are carried beside the
--   keys.
-- probe: SELECT name, email, phone FROM "Contact" WHERE "tenantId" = {tenantId} AND status = {status} LIMIT 50
CREATE INDEX idx_contact_list_covering ON "Contact" ("tenantId", status) INCLUDE (name, email, phone);
