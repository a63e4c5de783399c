-- Jobs: what a job is, from its writing to its end.
--
-- Why: a job exists if and only if the change that it belongs to commits. Redis is told afterwards and may forget,
-- repeat or delay: this table alone says what is left to do, and who may end it.
--
--   scheduled   not before a time            handed      given to Redis
--   pending     may be handed out            running     claimed by a worker, under a lease
--   retrying    failed, waits for its time   uncertain   done or not, nobody knows: a person decides
--   done | dead | cancelled                  over
--
-- `fence` is the fencing token: it grows with every claim, and whoever ends a job must show the newest. `uncertain`
-- counts the attempts that ended between the act and its record: each may have been seen outside.
-- "attempts" counts those that failed, `crashes` those whose worker died.

ALTER TABLE "Outbox" DROP CONSTRAINT "Outbox_state_check";
ALTER TABLE "Outbox" DROP COLUMN "maxAttempts";  -- a task's policy is code: payaid/jobs/tasks/<task>.py
ALTER TABLE "Outbox" ALTER COLUMN uncertain DROP DEFAULT;
ALTER TABLE "Outbox"
    ALTER COLUMN "tenantId" DROP NOT NULL,  -- schedules and the health round trip belong to no tenant
    ALTER COLUMN uncertain TYPE integer USING uncertain::int,
    ALTER COLUMN uncertain SET DEFAULT 0,
    ADD CONSTRAINT outbox_state CHECK (state IN (
        'scheduled', 'pending', 'handed', 'running', 'retrying', 'uncertain', 'done', 'dead', 'cancelled')),
    ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN "orderedBy" text,
    ADD COLUMN crashes integer NOT NULL DEFAULT 0,
    ADD COLUMN "leaseUntil" timestamptz,
    ADD COLUMN "actedAt" timestamptz,
    ADD COLUMN "cancelAsked" boolean NOT NULL DEFAULT false,
    ADD COLUMN progress real,
    ADD COLUMN history jsonb NOT NULL DEFAULT '[]';

-- Every row is rewritten about four times in its short life.
ALTER TABLE "Outbox" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- A lane is a tenant's queue of pending jobs ('' for those of no tenant); the relay takes from each in turn.
CREATE INDEX outbox_lane ON "Outbox" ((coalesce("tenantId", '')), priority, seq) WHERE state = 'pending';
CREATE INDEX outbox_flight ON "Outbox" ((coalesce("tenantId", ''))) WHERE state IN ('handed', 'running');
CREATE INDEX outbox_scheduled ON "Outbox" ("notBefore") WHERE state = 'scheduled';
CREATE INDEX outbox_order ON "Outbox" ((coalesce("tenantId", '')), "orderedBy", seq)
    WHERE "orderedBy" IS NOT NULL AND state NOT IN ('done', 'dead', 'cancelled');
CREATE INDEX outbox_finished ON "Outbox" ("finishedAt") WHERE state IN ('done', 'dead', 'cancelled');
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON "Outbox" (state, seq) WHERE state NOT IN ('done', 'cancelled');
-- One job that has not started for one purpose. Starting clears the key: what is written meanwhile needs a new job.
DROP INDEX outbox_dedupe;
CREATE UNIQUE INDEX outbox_dedupe ON "Outbox" ((coalesce("tenantId", '')), task, "dedupeKey")
    WHERE "dedupeKey" IS NOT NULL;

-- States change through the functions of the next file only.
REVOKE UPDATE ON "Outbox" FROM payaid_service;

-- Wake the relay, atomically with the commit that wrote the job.
CREATE FUNCTION payaid.wake_relay() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('payaid_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake_relay AFTER INSERT ON "Outbox" FOR EACH STATEMENT EXECUTE FUNCTION payaid.wake_relay();

-- When each schedule (payaid/jobs/schedule.py) runs next; one row, so one firing, however many workers there are.
CREATE TABLE payaid.schedule (
    name  text PRIMARY KEY,
    next  timestamptz NOT NULL,
    last  timestamptz
);
GRANT SELECT ON payaid.schedule TO payaid_service;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
