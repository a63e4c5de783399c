-- title: Large tables that are read from end to end
-- why: A sequential scan of a large table for a few rows is a missing index. Counted since the statistics were reset,
--   on every server: a report on a replica counts too.
-- servers: each
-- key: schema, table
-- sum: seq_scans, rows_read, index_scans
SELECT s.schemaname AS schema, s.relname AS table, c.reltuples::int8 AS rows, s.seq_scan AS seq_scans,
       s.seq_tup_read AS rows_read, coalesce(s.idx_scan, 0) AS index_scans, pg_relation_size(s.relid) AS size,
       CASE WHEN c.reltuples > 10000 AND s.seq_scan > 50 AND s.seq_scan > coalesce(s.idx_scan, 0) / 10
            THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN c.reltuples > 10000 AND s.seq_scan > 50
            THEN 'payaidctl inspect outliers names the statements; payaidctl verify-indexes says which index they miss'
            ELSE '' END AS advice
FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.seq_scan > 0 AND c.reltuples > 1000
ORDER BY s.seq_tup_read DESC
LIMIT 50
