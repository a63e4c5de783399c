-- How many AI calls a tenant has made on a day (of India): each costs money, so each is counted before it is made.
--
-- Why a row and not Redis: a budget that a restart forgets is none.

CREATE TABLE "AiUsage" (
    day                 date NOT NULL,
    calls               integer NOT NULL CHECK (calls > 0),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    PRIMARY KEY ("tenantId", day)
);
CALL payaid.enclose('"AiUsage"', 'tenantId', 'SELECT, INSERT, UPDATE');
