-- How far a long job has come: written in the transaction of what it has done so far, so that after a crash the next
-- attempt goes on from there, and nothing is done twice.
--
-- Why here and not in a table of its own: it is guarded by the job's fencing token, and goes with the job.

ALTER TABLE "Outbox" ADD COLUMN checkpoint jsonb;

-- Record it in the caller's transaction. False: someone else claimed the job since, or wants it stopped; roll back.
CREATE FUNCTION payaid.job_checkpoint(p_id text, p_fence bigint, p_checkpoint jsonb)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        UPDATE "Outbox" SET checkpoint = p_checkpoint
        WHERE id = p_id AND fence = p_fence AND state = 'running' AND NOT "cancelAsked" RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payaid.job_checkpoint(text, bigint, jsonb) TO payaid_service;
