-- serves: GET /api/v1/crm/deals?sort=-value
-- why: The largest deals over all stages.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} ORDER BY value DESC, id DESC LIMIT 50
CREATE INDEX idx_deal_tenant_value ON "Deal" ("tenantId", value DESC, id DESC);
