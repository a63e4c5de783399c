-- Only a job whose cancelling was asked for is cancelled. An attempt that may not act because its lease ran out, while
-- nobody has taken it over yet, tells the same `cancelled`; its job is left as it is, and the sweeper brings it again.
CREATE OR REPLACE FUNCTION payaid.job_fail(
    p_id text, p_fence bigint, p_state text, p_after_s float8, p_uncertain boolean, p_cause text
) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        UPDATE "Outbox" SET state = p_state, attempts = attempts + 1, uncertain = uncertain + p_uncertain::int,
            error = p_cause, "leaseUntil" = NULL, progress = NULL,
            "notBefore" = CASE WHEN p_state = 'retrying'
                               THEN clock_timestamp() + p_after_s * interval '1 second' ELSE "notBefore" END,
            "finishedAt" = CASE WHEN p_state = 'retrying' THEN NULL ELSE clock_timestamp() END,
            history = jsonb_path_query_array(history, '$[last - 8 to last]') || jsonb_build_object(
                'at', clock_timestamp(), 'worker', "claimedBy", 'cause', p_cause, 'uncertain', p_uncertain)
        WHERE id = p_id AND fence = p_fence AND state = 'running' AND (p_state <> 'cancelled' OR "cancelAsked")
        RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;
