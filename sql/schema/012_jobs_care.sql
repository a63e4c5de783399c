-- Looking after jobs: the sweeper, schedules, counts, and what a person may do with a job.
--
-- Why: as in 011, the workers see one tenant at a time, and this is work across all of them. What belongs to one
-- tenant (cancel, retry) is bound by the tenant setting, which names nobody when the job is a schedule's.

-- Jobs that Redis should have dealt with by now. The sweeper looks whether Redis still has them.
CREATE FUNCTION payaid.jobs_stray(p_age_s float8, p_limit int)
RETURNS TABLE (id text, task text, priority int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT id, task, priority FROM "Outbox"
    WHERE state IN ('handed', 'running', 'retrying')
      AND CASE state WHEN 'handed' THEN "handedAt" WHEN 'running' THEN "leaseUntil" ELSE "notBefore" END
          < clock_timestamp() - p_age_s * interval '1 second'
    ORDER BY seq LIMIT p_limit
$$;

-- What waits, runs and failed, by task and state, and for how long: for metrics and for `payaidctl jobs`.
CREATE FUNCTION payaid.jobs_census()
RETURNS TABLE (task text, state text, jobs bigint, oldest_s float8)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT task, state, count(*), extract(epoch FROM clock_timestamp() - min(greatest("createdAt", "notBefore")))::float8
    FROM "Outbox" WHERE state NOT IN ('done', 'cancelled') GROUP BY task, state
$$;

-- Ask for a job's end: waiting jobs end now, a running one is told at its next heartbeat. Null: no such open job.
CREATE FUNCTION payaid.job_cancel(p_id text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE "Outbox" SET "cancelAsked" = true, "dedupeKey" = NULL,
        state = CASE state WHEN 'running' THEN state ELSE 'cancelled' END,
        "finishedAt" = CASE state WHEN 'running' THEN NULL ELSE clock_timestamp() END
    WHERE id = p_id AND "tenantId" IS NOT DISTINCT FROM nullif(current_setting('payaid.tenant_id', true), '')
      AND state IN ('scheduled', 'pending', 'handed', 'retrying', 'uncertain', 'running')
    RETURNING state
$$;

-- Do a dead, uncertain or cancelled job again, its attempts counted anew. False: it is in no such state.
CREATE FUNCTION payaid.job_retry(p_id text)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH again AS (
        UPDATE "Outbox" SET state = 'pending', attempts = 0, crashes = 0, "cancelAsked" = false, "finishedAt" = NULL
        WHERE id = p_id AND "tenantId" IS NOT DISTINCT FROM nullif(current_setting('payaid.tenant_id', true), '')
          AND state IN ('dead', 'uncertain', 'cancelled')
        RETURNING pg_notify('payaid_outbox', ''))
    SELECT EXISTS (SELECT FROM again)
$$;

-- Forget what is over and older than p_keep; dead jobs are kept for p_keep_dead.
CREATE FUNCTION payaid.jobs_forget(p_keep interval, p_keep_dead interval, p_limit int)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT id FROM "Outbox"
        WHERE state IN ('done', 'cancelled', 'dead')
          AND "finishedAt" < now() - least(p_keep, p_keep_dead)
          AND "finishedAt" < now() - CASE state WHEN 'dead' THEN p_keep_dead ELSE p_keep END
        ORDER BY "finishedAt" LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (DELETE FROM "Outbox" o USING old WHERE o.id = old.id RETURNING 1)
    SELECT count(*) FROM gone
$$;

-- Forget idempotency keys older than p_keep: after that, a repeat is a new request.
CREATE FUNCTION payaid.idempotency_forget(p_keep interval, p_limit int)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT "tenantId", key FROM "IdempotencyKey" WHERE "createdAt" < now() - p_keep
        ORDER BY "createdAt" LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM "IdempotencyKey" k USING old WHERE k."tenantId" = old."tenantId" AND k.key = old.key RETURNING 1)
    SELECT count(*) FROM gone
$$;
CREATE INDEX idempotency_age ON "IdempotencyKey" ("createdAt");

-- How a job of no tenant fares, which row-level security hides from everyone: for the health round trip.
CREATE FUNCTION payaid.job_outcome(p_id text)
RETURNS TABLE (state text, error text, result jsonb, "createdAt" timestamptz, "handedAt" timestamptz,
               "claimedAt" timestamptz, "finishedAt" timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT state, error, result, "createdAt", "handedAt", "claimedAt", "finishedAt" FROM "Outbox"
    WHERE id = p_id AND "tenantId" IS NULL
$$;

-- Fire a schedule if its time has come, once for all workers: its job and its next time are one commit. A schedule
-- seen for the first time waits for its next time; several missed times fire once. p_next: the next time from now
-- on; a stored one that is later belongs to an older declaration. Answers when to ask again.
CREATE FUNCTION payaid.schedule_fire(p_name text, p_next timestamptz, p_id text, p_task text, p_payload jsonb)
RETURNS TABLE (fired boolean, next timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO payaid.schedule (name, next) VALUES (p_name, p_next) ON CONFLICT (name) DO NOTHING;
    UPDATE payaid.schedule SET next = p_next, last = clock_timestamp()
    WHERE name = p_name AND next <= clock_timestamp();
    fired := FOUND;
    IF fired THEN
        PERFORM payaid.job_add(p_id, NULL, p_task, p_payload, 5, p_name, NULL, NULL, NULL);
    ELSE
        UPDATE payaid.schedule SET next = p_next WHERE name = p_name AND next > p_next;
    END IF;
    RETURN QUERY SELECT fired, s.next FROM payaid.schedule s WHERE s.name = p_name;
END $$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    payaid.jobs_stray(float8, int),
    payaid.jobs_census(),
    payaid.job_cancel(text),
    payaid.job_retry(text),
    payaid.jobs_forget(interval, interval, int),
    payaid.idempotency_forget(interval, int),
    payaid.job_outcome(text),
    payaid.schedule_fire(text, timestamptz, text, text, jsonb)
TO payaid_service;
