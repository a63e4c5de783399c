-- serves: GET /api/v1/crm/deals?q={name}
-- why: Words of a deal's name. The table has no description, so this is all there is to search.
-- probe: SELECT id FROM "Deal" WHERE "tenantId" = {tenantId} AND to_tsvector('english', name) @@
--   plainto_tsquery('english', {name})
CREATE INDEX idx_deal_search ON "Deal" USING gin (to_tsvector('english'::regconfig, name));
