-- Every change of a job's state, each one statement for its caller (so each works through a transaction pooler).
--
-- Why: the relay and the worker serve all tenants, while row-level security binds their role to one at a time. These
-- functions are their only door: they run as the owner, touch "Outbox" alone, and PUBLIC may not call them.

-- Write a job. Runs as the caller: row-level security decides whether it may be written for this tenant.
-- With a dedupe key, a job of the same tenant, task and key that has not started yet is returned instead.
CREATE FUNCTION payaid.job_add(
    p_id text, p_tenant text, p_task text, p_payload jsonb, p_priority int, p_dedupe text, p_ordered_by text,
    p_not_before timestamptz, p_load_run text
) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    waiting text;
BEGIN
    LOOP
        INSERT INTO "Outbox" (id, "tenantId", task, payload, priority, "dedupeKey", "orderedBy", "notBefore", state,
                              "loadRun")
        VALUES (p_id, p_tenant, p_task, p_payload, p_priority, p_dedupe, p_ordered_by, coalesce(p_not_before, now()),
                CASE WHEN p_not_before > clock_timestamp() THEN 'scheduled' ELSE 'pending' END, p_load_run)
        ON CONFLICT ((coalesce("tenantId", '')), task, "dedupeKey") WHERE "dedupeKey" IS NOT NULL DO NOTHING;
        IF FOUND THEN
            RETURN p_id;
        END IF;
        SELECT id INTO waiting FROM "Outbox"
        WHERE coalesce("tenantId", '') = coalesce(p_tenant, '') AND task = p_task AND "dedupeKey" = p_dedupe;
        IF FOUND THEN
            RETURN waiting;
        END IF;
        -- The job in the way started between the two statements: write again.
    END LOOP;
END $$;

-- The same for a job of no tenant; row-level security hides it from every tenant.
CREATE FUNCTION payaid.job_add_system(p_id text, p_task text, p_payload jsonb, p_priority int, p_dedupe text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT payaid.job_add(p_id, NULL, p_task, p_payload, p_priority, p_dedupe, NULL, NULL, NULL)
$$;

-- Take jobs to hand to Redis: by priority, then one of each tenant in turn (beginning after p_after), so that one
-- tenant's thousand jobs do not stand before another's first. No tenant has more than p_share in Redis, all
-- together no more than p_window; what is over waits here, where taking turns is possible.
CREATE FUNCTION payaid.jobs_take(p_limit int, p_window int, p_share int, p_after text)
RETURNS TABLE (id text, task text, priority int, lane text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    UPDATE "Outbox" SET state = 'pending' WHERE state = 'scheduled' AND "notBefore" <= clock_timestamp();
    RETURN QUERY
    WITH RECURSIVE lanes AS (  -- a loose index scan: one probe a tenant, however many jobs it has
        (SELECT coalesce("tenantId", '') AS lane FROM "Outbox" WHERE state = 'pending'
         ORDER BY coalesce("tenantId", '') LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(o."tenantId", '') FROM "Outbox" o
                WHERE o.state = 'pending' AND coalesce(o."tenantId", '') > lanes.lane
                ORDER BY coalesce(o."tenantId", '') LIMIT 1)
        FROM lanes WHERE lanes.lane IS NOT NULL
    ), flying AS (
        SELECT coalesce("tenantId", '') AS lane, count(*) AS jobs FROM "Outbox"
        WHERE state IN ('handed', 'running') GROUP BY 1
    ), turn AS MATERIALIZED (
        SELECT c.id, c.priority, c.place, lanes.lane
        FROM lanes LEFT JOIN flying USING (lane)
        CROSS JOIN LATERAL (
            SELECT o.id, o.priority, row_number() OVER (ORDER BY o.priority, o.seq) AS place
            FROM "Outbox" o
            WHERE o.state = 'pending' AND coalesce(o."tenantId", '') = lanes.lane
              AND (o."orderedBy" IS NULL OR NOT EXISTS (  -- an entity's jobs go one at a time, oldest first
                SELECT FROM "Outbox" earlier
                WHERE coalesce(earlier."tenantId", '') = lanes.lane AND earlier."orderedBy" = o."orderedBy"
                  AND earlier.seq < o.seq AND earlier.state NOT IN ('done', 'dead', 'cancelled')))
            ORDER BY o.priority, o.seq
            LIMIT greatest(0, p_share - coalesce(flying.jobs, 0))
        ) c
        WHERE lanes.lane IS NOT NULL
        ORDER BY c.priority, c.place, lanes.lane <= p_after, lanes.lane
        LIMIT (SELECT greatest(0, least(p_limit, p_window - coalesce(sum(jobs), 0)::int)) FROM flying)
    ), locked AS (
        SELECT o.id FROM "Outbox" o JOIN turn USING (id) WHERE o.state = 'pending' FOR UPDATE OF o SKIP LOCKED
    ), taken AS (
        UPDATE "Outbox" o SET state = 'handed', "handedAt" = clock_timestamp()
        FROM locked WHERE o.id = locked.id RETURNING o.id, o.task, o.priority
    )
    SELECT taken.id, taken.task, taken.priority, turn.lane FROM taken JOIN turn USING (id)
    ORDER BY turn.priority, turn.place, turn.lane <= p_after, turn.lane;
END $$;

-- Claim a job. verdict: run (yours; fence is your token) | busy (another's lease runs for wait_s more) | over.
-- A lease that ran out was a crash. If that worker had already begun to act outside, the outcome is uncertain:
-- counted, and with p_once left for a person. Ten crashes end the job: it kills its workers.
CREATE FUNCTION payaid.job_claim(p_id text, p_worker text, p_lease_s float8, p_once boolean)
RETURNS TABLE (verdict text, wait_s float8, tenant text, task text, payload jsonb, attempts int, fence bigint,
               uncertain int, lag_s float8, load_run text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    job "Outbox";
    crashed boolean;
    acted boolean;
    ended text;
BEGIN
    SELECT * INTO job FROM "Outbox" o WHERE o.id = p_id FOR UPDATE;
    IF NOT FOUND OR job.state IN ('done', 'dead', 'cancelled', 'uncertain') THEN
        RETURN QUERY SELECT 'over', 0::float8, NULL, NULL, NULL::jsonb, 0, 0::bigint, 0, 0::float8, NULL;
        RETURN;
    END IF;
    crashed := job.state = 'running';
    acted := crashed AND job."actedAt" IS NOT NULL;
    IF crashed AND job."leaseUntil" > clock_timestamp() THEN
        RETURN QUERY SELECT 'busy', extract(epoch FROM job."leaseUntil" - clock_timestamp())::float8,
            NULL, NULL, NULL::jsonb, 0, 0::bigint, 0, 0::float8, NULL;
        RETURN;
    END IF;
    ended := CASE WHEN acted AND p_once THEN 'uncertain' WHEN job."cancelAsked" THEN 'cancelled'
                  WHEN crashed AND job.crashes >= 9 THEN 'dead' END;
    IF ended IS NOT NULL THEN
        UPDATE "Outbox" o SET state = ended, crashes = o.crashes + crashed::int, uncertain = o.uncertain + acted::int,
            "dedupeKey" = NULL, "leaseUntil" = NULL, "finishedAt" = clock_timestamp(),
            error = CASE ended WHEN 'uncertain' THEN 'its worker died while acting: done or not, nobody knows'
                               WHEN 'dead' THEN 'ten workers died running it' ELSE 'cancelled' END
        WHERE o.id = p_id;
        RETURN QUERY SELECT 'over', 0::float8, NULL, NULL, NULL::jsonb, 0, 0::bigint, 0, 0::float8, NULL;
        RETURN;
    END IF;
    RETURN QUERY UPDATE "Outbox" o SET
            state = 'running', fence = o.fence + 1, "claimedBy" = p_worker, "dedupeKey" = NULL, "actedAt" = NULL,
            "claimedAt" = clock_timestamp(), "leaseUntil" = clock_timestamp() + p_lease_s * interval '1 second',
            crashes = o.crashes + crashed::int, uncertain = o.uncertain + acted::int, progress = NULL
        WHERE o.id = p_id
        RETURNING 'run', 0::float8, o."tenantId", o.task, o.payload, o.attempts, o.fence, o.uncertain,
            extract(epoch FROM clock_timestamp() - greatest(o."createdAt", o."notBefore"))::float8, o."loadRun";
END $$;

-- About to act outside: from here on, a crash leaves the outcome uncertain. False: the claim is no longer yours, or
-- someone wants the job stopped.
CREATE FUNCTION payaid.job_act(p_id text, p_fence bigint)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        UPDATE "Outbox" SET "actedAt" = clock_timestamp()
        WHERE id = p_id AND fence = p_fence AND state = 'running' AND "leaseUntil" > clock_timestamp()
          AND NOT "cancelAsked" RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;

-- End a job well, in the transaction of its effects. False: someone else claimed it since, so roll back.
CREATE FUNCTION payaid.job_done(p_id text, p_fence bigint, p_result jsonb)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        UPDATE "Outbox" SET state = 'done', result = p_result, progress = NULL, error = NULL, "leaseUntil" = NULL,
            "finishedAt" = clock_timestamp()
        WHERE id = p_id AND fence = p_fence AND state = 'running' RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;

-- End an attempt badly: p_state is retrying (after p_after_s), dead, uncertain or cancelled. Keeps the last 10 causes.
CREATE FUNCTION payaid.job_fail(
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
        WHERE id = p_id AND fence = p_fence AND state = 'running' RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;

-- Give a claim back unused (a drain): not a failure.
CREATE FUNCTION payaid.job_release(p_id text, p_fence bigint)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        UPDATE "Outbox" SET state = 'handed', "handedAt" = clock_timestamp(), "leaseUntil" = NULL, "claimedBy" = NULL
        WHERE id = p_id AND fence = p_fence AND state = 'running' RETURNING 1)
    SELECT EXISTS (SELECT FROM mine)
$$;

-- Renew the leases of one worker's jobs, all in one call, and take their progress. Jobs that do not come back are
-- no longer its own; `cancel`: someone wants the job stopped.
CREATE FUNCTION payaid.jobs_beat(p_ids text[], p_fences bigint[], p_progress real[], p_lease_s float8)
RETURNS TABLE (id text, cancel boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE "Outbox" o SET "leaseUntil" = clock_timestamp() + p_lease_s * interval '1 second',
        progress = coalesce(mine.progress, o.progress)
    FROM unnest(p_ids, p_fences, p_progress) AS mine (id, fence, progress)
    WHERE o.id = mine.id AND o.fence = mine.fence AND o.state = 'running'
    RETURNING o.id, o."cancelAsked"
$$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    payaid.job_add(text, text, text, jsonb, int, text, text, timestamptz, text),
    payaid.job_add_system(text, text, jsonb, int, text),
    payaid.jobs_take(int, int, int, text),
    payaid.job_claim(text, text, float8, boolean),
    payaid.job_act(text, bigint),
    payaid.job_done(text, bigint, jsonb),
    payaid.job_fail(text, bigint, text, float8, boolean, text),
    payaid.job_release(text, bigint),
    payaid.jobs_beat(text[], bigint[], real[], float8)
TO payaid_service;
