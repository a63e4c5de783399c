-- serves: GET /api/v1/crm/deals?assignedToId={assignedToId}
-- why: One person's deals, newest first; and the foreign key, read when that person is removed.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} AND "assignedToId" = {assignedToId} ORDER BY
--   "createdAt" DESC, id DESC LIMIT 50
CREATE INDEX idx_deal_assigned_created ON "Deal" ("tenantId", "assignedToId", "createdAt" DESC, id DESC);
