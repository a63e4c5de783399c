-- title: Indexes that no server has used since its statistics began
-- why: Each costs every write and its share of memory. Unused means unused on the primary and on every replica, since
--   the statistics were reset, and enforcing nothing: a replica's own reports may need what the primary never reads.
-- servers: each
-- key: schema, index
-- sum: scans
-- keep: scans = 0
SELECT s.schemaname AS schema, s.indexrelname AS index, s.relname AS table, pg_relation_size(s.indexrelid) AS size,
       s.idx_scan AS scans, d.since::date AS since,
       CASE WHEN d.since > now() - interval '7 days' THEN 'inconclusive' ELSE 'warn' END AS status,
       CASE WHEN d.since > now() - interval '7 days'
            THEN format('statistics are only %s old: look again when they cover a full week of business',
                        date_trunc('minute', now() - d.since))
            ELSE format('if no monthly job needs it: DROP INDEX CONCURRENTLY %I.%I', s.schemaname, s.indexrelname)
       END AS advice
FROM pg_stat_user_indexes s
JOIN pg_index x USING (indexrelid)
CROSS JOIN (SELECT coalesce(stats_reset, pg_postmaster_start_time()) AS since
            FROM pg_stat_database WHERE datname = current_database()) d
WHERE NOT x.indisunique AND NOT x.indisreplident AND x.indisvalid
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = s.indexrelid AND c.contype IN ('p', 'u', 'x'))
  AND NOT EXISTS (SELECT FROM pg_class i WHERE i.oid = s.indexrelid AND i.relispartition)
ORDER BY pg_relation_size(s.indexrelid) DESC, 1, 2
