-- Invoices past their due date: which tenants have work, and which reminders were sent.
--
-- Why a job a tenant: marking and reminding are a tenant's own rows and mails, so they are done inside its walls, in
-- fair turns with everybody's other jobs; here it is only said whose turn it is.

-- Days after the due date on which the customer is reminded; none: never.
ALTER TABLE "Tenant" ADD COLUMN "reminderDays" integer[] NOT NULL DEFAULT '{1,7,15}'
    CHECK (cardinality("reminderDays") <= 10 AND 0 < ALL ("reminderDays"));

-- One row a reminder: written in the transaction that writes its mail, so a stage is reminded of once.
-- An invoice that has a number is never deleted, so it needs no foreign key to follow.
CREATE TABLE "InvoiceReminder" (
    "invoiceId"         text NOT NULL,
    stage               integer NOT NULL CHECK (stage > 0),
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    PRIMARY KEY ("tenantId", "invoiceId", stage)
);
CALL payaid.enclose('"InvoiceReminder"', 'tenantId', 'SELECT, INSERT');

-- The first moment of today in India.
CREATE FUNCTION payaid.indian_midnight() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_trunc('day', now(), 'Asia/Kolkata')
$$;

-- A job of this task for each active tenant that has invoices in this state and past their due date; how many now.
CREATE FUNCTION payaid.overdue_jobs(p_task text, p_status text)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(payaid.job_add(gen_random_uuid()::text, t.id, p_task, '{}', 10, p_task, NULL, NULL, NULL))
    FROM "Tenant" AS t
    WHERE t.status IN ('active', 'trial') AND EXISTS (
        SELECT FROM "Invoice" AS i
        WHERE i."tenantId" = t.id AND i.status = p_status AND i."dueDate" < payaid.indian_midnight()
          AND (p_status = 'sent' OR i."loadRun" IS NULL))
$$;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payaid.indian_midnight(), payaid.overdue_jobs(text, text) TO payaid_service;
