-- A tenant's jobs, newest first: what GET /api/v1/jobs pages through.

CREATE INDEX outbox_by_tenant ON "Outbox" ("tenantId", seq) WHERE "tenantId" IS NOT NULL;
