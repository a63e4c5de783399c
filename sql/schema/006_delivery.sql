-- What makes a write happen once: idempotency keys and the outbox.
--
-- Why: both are rows of the write's own transaction. A repeated request finds its first answer; a change and the job
-- it causes commit together or not at all.

-- "status" null: the first request is still under way.
CREATE TABLE "IdempotencyKey" (
    key                 text NOT NULL CHECK (key <> '' AND char_length(key) <= 255),
    "requestHash"       text NOT NULL,
    status              integer CHECK (status BETWEEN 100 AND 599),
    headers             jsonb,
    body                text,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    PRIMARY KEY ("tenantId", key)
);

-- A job to be done. pending -> handed (to the queue) -> running (claimed with a fencing token) -> done | failed;
-- uncertain: a crash left an outward effect open, and a person decides. `fence` grows with each claim, so that a
-- worker which was thought dead cannot commit over its successor.
CREATE TABLE "Outbox" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    task                text NOT NULL CHECK (task <> ''),
    payload             jsonb NOT NULL DEFAULT '{}',
    priority            integer NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 100),
    "dedupeKey"         text,
    state               text NOT NULL DEFAULT 'pending' CHECK (state IN
                        ('pending', 'handed', 'running', 'done', 'failed', 'uncertain', 'cancelled')),
    attempts            integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    "maxAttempts"       integer NOT NULL DEFAULT 3 CHECK ("maxAttempts" > 0),
    fence               bigint NOT NULL DEFAULT 0,
    uncertain           boolean NOT NULL DEFAULT false,
    "claimedBy"         text,
    error               text,
    result              jsonb,
    "notBefore"         timestamptz NOT NULL DEFAULT now(),
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "handedAt"          timestamptz,
    "claimedAt"         timestamptz,
    "finishedAt"        timestamptz,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE
);
-- One open job for one purpose.
CREATE UNIQUE INDEX outbox_dedupe ON "Outbox" ("tenantId", task, "dedupeKey")
    WHERE "dedupeKey" IS NOT NULL AND state IN ('pending', 'handed', 'running');
-- The relay and the sweeper look at open rows only, which are few.
CREATE INDEX outbox_open ON "Outbox" (state, "notBefore") WHERE state IN ('pending', 'handed', 'running');

CALL payaid.enclose('"IdempotencyKey"');
CALL payaid.enclose('"Outbox"', 'tenantId', 'SELECT, INSERT, UPDATE');
