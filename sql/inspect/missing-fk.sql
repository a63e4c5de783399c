-- title: Foreign keys whose referring side has no index
-- why: Deleting or updating a parent row reads the whole child table to see that nothing refers to it, and locks rows
--   meanwhile. An index serves if its leading columns are the key's columns, in any order, or if it leads with one of
--   them that is not the tenant.
-- servers: primary
-- key: table, constraint
SELECT k.conrelid::regclass::text AS table, k.conname AS constraint, string_agg(a.attname, ', ' ORDER BY u.place) AS columns,
       k.confrelid::regclass::text AS refers_to, t.reltuples::int8 AS rows,
       CASE WHEN t.reltuples > 1000 THEN 'warn' ELSE 'pass' END AS status,
       format('CREATE INDEX CONCURRENTLY ON %s (%s)', k.conrelid::regclass,
              string_agg(quote_ident(a.attname), ', ' ORDER BY u.place)) AS advice
FROM pg_constraint k
JOIN pg_class t ON t.oid = k.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY u (attnum, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_index x
      WHERE x.indrelid = k.conrelid AND x.indisvalid
        -- A partial index serves when it leaves out only rows without the key.
        AND (x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid) ~ '^\(\S+ IS NOT NULL\)$')
        AND ((SELECT array_agg(one ORDER BY one) FROM unnest((x.indkey::int2[])[0:cardinality(k.conkey) - 1]) one)
             = (SELECT array_agg(one ORDER BY one) FROM unnest(k.conkey) one)
             OR EXISTS (SELECT FROM pg_attribute l
                        WHERE l.attrelid = k.conrelid AND l.attnum = x.indkey[0] AND l.attnum = ANY (k.conkey)
                          AND (cardinality(k.conkey) = 1 OR l.attname <> 'tenantId'))))
GROUP BY k.oid, k.conrelid, k.conname, k.confrelid, t.reltuples
ORDER BY t.reltuples DESC, 1, 2
