-- title: Indexes that another one makes superfluous
-- why: The same keys twice cost every write twice. A prefix of a longer B-tree is mostly superfluous too, unless it is
--   much smaller or unique. Compared by structure (operator class, collation, order, predicate), never by name.
-- servers: primary
-- key: schema, index
WITH one AS (
    SELECT x.indrelid, x.indexrelid, c.relname, n.nspname, c.relam, x.indisunique, x.indisvalid, x.indnkeyatts,
           coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate,
           x.indnullsnotdistinct, x.indisreplident, x.indkey::int2[] AS columns,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')) AS bound,
           ARRAY(SELECT format('%s %s %s %s', pg_get_indexdef(x.indexrelid, k, false), x.indclass[k - 1],
                               x.indcollation[k - 1], x.indoption[k - 1])
                 FROM generate_series(1, x.indnkeyatts::int4) k) AS keys,
           ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, false)
                 FROM generate_series(x.indnkeyatts::int4 + 1, x.indnatts::int4) k ORDER BY 1) AS included
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND x.indisvalid AND NOT c.relispartition
)
SELECT a.nspname AS schema, a.relname AS index, a.indrelid::regclass::text AS table, b.relname AS covered_by,
       CASE WHEN a.keys = b.keys AND a.included = b.included THEN 'duplicate' ELSE 'prefix' END AS kind,
       pg_relation_size(a.indexrelid) AS size,
       'warn' AS status,
       format(CASE WHEN a.keys = b.keys AND a.included = b.included
                   THEN 'keep one of them: DROP INDEX CONCURRENTLY %I.%I'
                   ELSE '%3$I answers the same questions; if this one is not read for its small size: '
                        'DROP INDEX CONCURRENTLY %1$I.%2$I' END, a.nspname, a.relname, b.relname) AS advice
FROM one a JOIN one b ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid
     AND a.relam = b.relam AND a.predicate = b.predicate
WHERE NOT a.bound AND NOT a.indisreplident
  AND CASE WHEN a.keys = b.keys AND a.included = b.included
           -- Of twins the one that enforces more is kept, else the one with the lower OID.
           THEN (NOT a.indisunique OR b.indisunique AND a.indnullsnotdistinct = b.indnullsnotdistinct)
                AND (b.bound OR b.indisunique AND NOT a.indisunique
                     OR NOT (a.indisunique AND NOT b.indisunique) AND b.indexrelid < a.indexrelid)
           ELSE NOT a.indisunique AND a.included <@ b.included
                AND cardinality(a.keys) <= cardinality(b.keys) AND a.keys = b.keys[1:cardinality(a.keys)]
                AND (SELECT amname = 'btree' FROM pg_am WHERE oid = a.relam)
                AND (cardinality(a.keys) < cardinality(b.keys) OR a.included <> b.included)
      END
ORDER BY 5, pg_relation_size(a.indexrelid) DESC, 1, 2
