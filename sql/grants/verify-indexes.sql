-- Reads the catalogue; compares on empty temporary copies; asks for one value of each filter, to prove an index by it.
GRANT CONNECT, TEMPORARY ON DATABASE :database TO :role;
GRANT USAGE ON SCHEMA public TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :role;
-- Other sessions' builds, and statistics of all tables.
GRANT pg_read_all_stats TO :role;
-- Where row-level security is forced, rows and statistics of no tenant are shown without it. A superuser's to give.
ALTER ROLE :role BYPASSRLS;
