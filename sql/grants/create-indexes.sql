-- Only a table's owner may index it, so the role must be able to act as that owner.
GRANT CONNECT, TEMPORARY ON DATABASE :database TO :role;
GRANT :owner TO :role;
GRANT pg_read_all_stats TO :role;
