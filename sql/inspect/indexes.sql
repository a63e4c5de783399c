-- title: Every index: its table, definition, validity, size and use
-- why: An invalid index costs every write and serves no read; a size or a count that surprises is where to look next.
-- servers: each
-- key: schema, index
-- sum: scans
SELECT s.schemaname AS schema, s.indexrelname AS index, s.relname AS table,
       substring(pg_get_indexdef(s.indexrelid) FROM ' USING (.*)$') AS definition,
       x.indisvalid AS valid, pg_relation_size(s.indexrelid) AS size, s.idx_scan AS scans,
       CASE WHEN x.indisvalid OR p.pid IS NOT NULL THEN 'pass' ELSE 'fail' END AS status,
       CASE WHEN x.indisvalid THEN ''
            WHEN p.pid IS NOT NULL THEN format('being built by pid %s: %s', p.pid, p.phase)
            ELSE 'payaidctl verify-indexes --fix if it is declared; else DROP INDEX CONCURRENTLY and build it again'
       END AS advice
FROM pg_stat_user_indexes s JOIN pg_index x USING (indexrelid)
LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = s.indexrelid
ORDER BY s.schemaname, s.relname, s.indexrelname
