-- serves: GET /api/v1/crm/deals?stage={stage}&sort=-value
-- why: The pipeline board: one stage's deals, largest first.
-- probe: SELECT id, name, value FROM "Deal" WHERE "tenantId" = {tenantId} AND stage = {stage} ORDER BY value DESC
--   LIMIT 50
CREATE INDEX idx_deal_tenant_stage_value ON "Deal" ("tenantId", stage, value DESC);
