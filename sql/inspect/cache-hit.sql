-- title: How much of what is read is in memory
-- why: Below 99 % for a working set that should fit, reads wait for the disk: more memory, or fewer pages to read.
-- servers: each
-- key: kind
SELECT kind, hits, reads, round(100.0 * hits / nullif(hits + reads, 0), 2) AS percent,
       CASE WHEN hits + reads < 10000 THEN 'inconclusive' WHEN hits >= 0.99 * (hits + reads) THEN 'pass' ELSE 'warn' END AS status,
       CASE WHEN hits + reads < 10000 THEN 'hardly anything was read since the statistics began'
            WHEN hits >= 0.99 * (hits + reads) THEN ''
            ELSE 'raise shared_buffers (a quarter of the memory), or look at inspect seq-scans and bloat' END AS advice
FROM (
    SELECT 'tables' AS kind, coalesce(sum(heap_blks_hit), 0)::int8 AS hits, coalesce(sum(heap_blks_read), 0)::int8 AS reads
    FROM pg_statio_user_tables
    UNION ALL
    SELECT 'indexes', coalesce(sum(idx_blks_hit), 0)::int8, coalesce(sum(idx_blks_read), 0)::int8 FROM pg_statio_user_indexes
) one
