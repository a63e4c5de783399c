-- serves: GET /api/v1/crm/deals?stage={stage}
-- why: The list of one stage in the default order: the roadmap's index on stage is ordered by something else.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} AND stage = {stage} ORDER BY "createdAt" DESC, id
--   DESC LIMIT 50
CREATE INDEX idx_deal_tenant_stage_created ON "Deal" ("tenantId", stage, "createdAt" DESC, id DESC);
