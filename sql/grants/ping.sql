-- Role, position and lag of each server. The pooler has users of its own: stats_users in pgbouncer.ini.
GRANT CONNECT ON DATABASE :database TO :role;
GRANT pg_monitor TO :role;
