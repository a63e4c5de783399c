-- serves: GET /api/v1/dashboard/stats
-- why: Contacts counted by status and stage without visiting a row: every change of a contact asks again.
-- probe: SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE stage = 'prospect') FROM "Contact" WHERE "tenantId" = {tenantId}
CREATE INDEX idx_contact_tenant_stats ON "Contact" ("tenantId") INCLUDE (status, stage);
