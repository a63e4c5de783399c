-- serves: GET /api/v1/platform/users
-- why: A tenant's users: names shown beside rows, and the walk from tenant to user at login.
-- probe: SELECT id, name FROM "User" WHERE "tenantId" = {tenantId}
CREATE INDEX idx_user_tenant_fk ON "User" ("tenantId");
