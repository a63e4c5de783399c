-- title: B-tree indexes that are much larger than their entries need
-- why: Pages that deletes emptied stay in the index and in memory. An estimate from the planner's statistics (±20 %);
--   full text and other kinds are left out, for their size does not follow from the rows.
-- servers: primary
-- key: schema, index
SELECT schema, index, "table", size, needed, round((100 * (1 - needed::numeric / size)), 0) AS percent_empty,
       CASE WHEN size > 64 * 1024 * 1024 AND needed < 0.5 * size THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN needed < 0.5 * size THEN format('REINDEX INDEX CONCURRENTLY %I.%I', schema, index) ELSE '' END AS advice
FROM (
    SELECT n.nspname AS schema, c.relname AS index, x.indrelid::regclass::text AS "table",
           pg_relation_size(c.oid) AS size,
           -- An entry: 8 bytes of header, the values aligned to 8, 4 of line pointer; pages of 8 kB filled to 90 %.
           (8192 * (1 + ceil(c.reltuples * (12 + 8 * ceil(w.width / 8.0)) / (0.9 * 8152))))::int8 AS needed
    FROM pg_index x
    JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
    CROSS JOIN LATERAL (
        SELECT sum(coalesce(s.avg_width, 8) * (1 - coalesce(s.null_frac, 0))) AS width
        FROM unnest(x.indkey::int2[]) k (attnum)
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.attname = a.attname
             AND s.tablename = (SELECT relname FROM pg_class WHERE oid = x.indrelid)
    ) w
    WHERE n.nspname !~ '^pg_' AND c.relkind = 'i' AND c.reltuples > 0 AND c.relpages > 10
) one
WHERE size > needed
ORDER BY size - needed DESC
LIMIT 50
