-- serves: GET /api/v1/crm/contacts?assignedToId={assignedToId}
-- why: One person's contacts, newest first; and the foreign key, read when that person is removed.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} AND "assignedToId" = {assignedToId} ORDER BY
--   "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_contact_assigned_created ON "Contact" ("tenantId", "assignedToId", "createdAt" DESC, id DESC);
