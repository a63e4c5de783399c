-- Statistics, settings and other sessions' statements; no row of any table.
GRANT CONNECT ON DATABASE :database TO :role;
GRANT pg_monitor TO :role;
