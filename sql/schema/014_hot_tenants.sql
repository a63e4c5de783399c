-- Keep warm what people are using: a warming job for each tenant in which someone logged in or stayed lately.
--
-- Why: a dashboard's statistics live for two minutes, so without renewal the first reader after each two minutes
-- waits for the database. Sessions say who is there: an access token lives a quarter of an hour, then rotates.

CREATE INDEX session_recent ON "Session" ((greatest("createdAt", "rotatedAt")));

-- How many jobs there are now; a tenant whose last one has not started yet gets no second.
CREATE FUNCTION payaid.warm_hot_tenants(p_within interval, p_limit int)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(payaid.job_add(gen_random_uuid()::text, t.id, 'warm',
                                jsonb_build_object('modules', t."licensedModules"), 10, 'hot', NULL, NULL, NULL))
    FROM (
        SELECT "tenantId" FROM "Session"
        WHERE greatest("createdAt", "rotatedAt") > now() - p_within AND "revokedAt" IS NULL
        GROUP BY "tenantId" ORDER BY count(*) DESC LIMIT p_limit
    ) AS hot JOIN "Tenant" AS t ON t.id = hot."tenantId"
    WHERE t.status IN ('active', 'trial')
$$;
GRANT EXECUTE ON FUNCTION payaid.warm_hot_tenants(interval, int) TO payaid_service;
