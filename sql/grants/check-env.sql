-- Asks each server what it is: primary or standby, of which cluster, pooled or not.
GRANT CONNECT ON DATABASE :database TO :role;
GRANT pg_monitor TO :role;
