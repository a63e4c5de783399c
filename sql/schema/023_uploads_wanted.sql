-- Uploads that a job may still read.
--
-- Why: housekeeping removes files by their age, and works for no tenant, so it sees no tenant's jobs. What waits for its
-- turn, or may be done again, has not been read to its end.

-- (tenant, `folder/name`) of the jobs that are open, or ended badly less than p_keep ago. Cancelled and dead jobs may
-- be done again for longer than that; but what nobody has mended in p_keep, nobody will.
CREATE FUNCTION payaid.uploads_wanted(p_keep interval)
RETURNS TABLE ("tenantId" text, upload text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT "tenantId", payload ->> 'upload' FROM "Outbox"
    WHERE state NOT IN ('done', 'dead', 'cancelled') AND task IN ('bulk_import', 'transcribe') AND "tenantId" IS NOT NULL
    UNION ALL
    SELECT "tenantId", payload ->> 'upload' FROM "Outbox"
    WHERE state IN ('dead', 'cancelled') AND "finishedAt" > now() - p_keep
      AND task IN ('bulk_import', 'transcribe') AND "tenantId" IS NOT NULL
$$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payaid.uploads_wanted(interval) TO payaid_service;
