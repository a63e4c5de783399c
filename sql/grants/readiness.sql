-- What verify-indexes, inspect and ping take: the checks ask what they ask.
GRANT CONNECT, TEMPORARY ON DATABASE :database TO :role;
GRANT USAGE ON SCHEMA public TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :role;
GRANT pg_monitor TO :role;
-- Where row-level security is forced, rows and statistics of no tenant are shown without it. A superuser's to give.
ALTER ROLE :role BYPASSRLS;
-- For queue.round_trip alone, which writes one echo job and removes it. Leave these out, and it is inconclusive.
GRANT USAGE ON SCHEMA payaid TO :role;
GRANT EXECUTE ON FUNCTION payaid.job_add_system(text, text, jsonb, integer, text) TO :role;
GRANT DELETE ON "Outbox" TO :role;
