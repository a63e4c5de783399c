-- title: Tables that wait for vacuum or analyze
-- why: Dead rows are read and skipped by every scan; old statistics mislead the planner; an old transaction id ends in
--   a shutdown. Counters live on the primary.
-- servers: primary
-- key: schema, table
SELECT s.schemaname AS schema, s.relname AS table, s.n_live_tup AS rows, s.n_dead_tup AS dead,
       greatest(s.last_vacuum, s.last_autovacuum)::timestamp(0) AS vacuumed,
       greatest(s.last_analyze, s.last_autoanalyze)::timestamp(0) AS analysed, age(c.relfrozenxid) AS xid_age,
       CASE WHEN age(c.relfrozenxid) > 1000000000 THEN 'fail'
            WHEN s.n_dead_tup > 10000 AND s.n_dead_tup > 0.2 * s.n_live_tup THEN 'warn'
            WHEN c.reltuples < 0 AND s.n_live_tup > 100 THEN 'warn'
            ELSE 'pass' END AS status,
       CASE WHEN age(c.relfrozenxid) > 1000000000 THEN format('VACUUM (FREEZE) %I.%I', s.schemaname, s.relname)
            WHEN s.n_dead_tup > 10000 AND s.n_dead_tup > 0.2 * s.n_live_tup
                 THEN format('VACUUM (ANALYZE) %I.%I; inspect long-running may show what holds it up', s.schemaname, s.relname)
            WHEN c.reltuples < 0 AND s.n_live_tup > 100 THEN format('ANALYZE %I.%I', s.schemaname, s.relname)
            ELSE '' END AS advice
FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
ORDER BY s.n_dead_tup DESC, age(c.relfrozenxid) DESC
LIMIT 50
