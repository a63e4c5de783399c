"""The questions that `actual` asks the catalogue.

int2vector and oidvector count from 0, and pg_get_indexdef() of one column leaves out operator class, collation and
order: those come from the vectors themselves.
"""

TABLES = """
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       c.reltuples::float8 AS rows, c.relispartition AS is_partition,
       pg_relation_size(c.oid) AS size, pg_get_userbyid(c.relowner)::text AS owner,
       pg_has_role(c.relowner, 'USAGE') AS ours, has_schema_privilege(n.oid, 'CREATE') AS may_create,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname = %(schema)s AND lower(c.relname) = ANY(%(lowered)s)
"""

# Where else a table of that name is: asked only when it is missing where it should be.
ELSEWHERE = """
SELECT c.relname::text, string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(%(names)s) AND n.nspname <> %(schema)s
  AND n.nspname !~ '^pg_(toast|temp)' GROUP BY 1
"""

# Relations of one schema share their names: a declared index cannot have that of another table's index.
TAKEN = """
SELECT c.relname::text, x.indrelid::int8,
       CASE c.relkind WHEN 'i' THEN 'an index on ' || x.indrelid::regclass WHEN 'I' THEN 'an index on ' ||
            x.indrelid::regclass WHEN 'r' THEN 'a table' WHEN 'v' THEN 'a view' WHEN 'S' THEN 'a sequence'
            ELSE 'another relation' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index x ON x.indexrelid = c.oid
WHERE n.nspname = %(schema)s AND c.relname = ANY(%(names)s)
"""

INDEXES = """
SELECT x.indrelid::int8 AS table_oid, i.oid::int8 AS oid, n.nspname::text AS schema, i.relname::text AS name,
       i.relkind::text AS kind, am.amname::text AS method, x.indisunique AS unique,
       x.indnullsnotdistinct AS nulls_not_distinct, x.indisvalid AS valid, x.indisready AS ready,
       x.indislive AS live, x.indisreplident AS replica_identity, con.conname::text AS constraint_name,
       i.relispartition AS attached,
       coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS predicate,
       CASE i.relkind WHEN 'I' THEN (SELECT sum(pg_relation_size(relid))::int8 FROM pg_partition_tree(i.oid))
            ELSE pg_relation_size(i.oid) END AS size,
       CASE i.relkind WHEN 'I' THEN (SELECT sum(pg_stat_get_numscans(relid))::int8 FROM pg_partition_tree(i.oid))
            ELSE pg_stat_get_numscans(i.oid) END AS scans,
       coalesce(i.reloptions::text[], '{}') AS storage,
       (SELECT json_agg(json_build_object(
                 'text', CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.oid, k, false)
                              ELSE quote_ident(a.attname) END,
                 'opclass', x.indclass[k - 1]::int8, 'collation', x.indcollation[k - 1]::int8,
                 'bits', x.indoption[k - 1], 'options', coalesce(array_to_string(own.attoptions, ', '), ''),
                 'opclass_name', oc.opcname, 'collation_name', coalesce(co.collname, 'none')) ORDER BY k)
        FROM generate_series(1, x.indnkeyatts::int4) k
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] AND x.indkey[k - 1] <> 0
        JOIN pg_attribute own ON own.attrelid = i.oid AND own.attnum = k
        JOIN pg_opclass oc ON oc.oid = x.indclass[k - 1]
        LEFT JOIN pg_collation co ON co.oid = x.indcollation[k - 1]) AS keys,
       ARRAY(SELECT quote_ident(a.attname)
             FROM generate_series(x.indnkeyatts::int4 + 1, x.indnatts::int4) k
             JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1]) AS include
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_am am ON am.oid = i.relam
LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.contype IN ('p', 'u', 'x')
WHERE x.indrelid = ANY(%(tables)s::oid[])
ORDER BY i.relname
"""

# The view hides what a build is about from roles without pg_read_all_stats; the build's lock on the table is
# visible to everyone, so an index that is being built is not taken for one that died.
BUILDS = """
SELECT p.pid, p.datname::text AS database, coalesce(p.relid::int8, l.relation::int8) AS table_oid,
       nullif(p.index_relid, 0)::int8 AS index_oid, p.command, p.phase,
       p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total, p.lockers_done, p.lockers_total,
       a.usename::text AS user, a.application_name AS application,
       extract(epoch FROM now() - coalesce(a.query_start, a.backend_start))::float8 AS age_s
FROM pg_stat_progress_create_index p
LEFT JOIN pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_locks l ON p.relid IS NULL AND l.pid = p.pid AND l.locktype = 'relation' AND l.granted
     AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock')
WHERE p.datname = current_database()
"""

PARTITIONS = """
SELECT t.relid::oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       t.parentrelid::oid::int8 AS parent, t.isleaf AS leaf, t.level
FROM pg_partition_tree(%(table)s::oid) t
JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY t.level, c.relname
"""

ATTACHED = """
SELECT h.inhrelid::int8 AS child, h.inhparent::int8 AS parent
FROM pg_inherits h JOIN pg_index x ON x.indexrelid = h.inhparent WHERE x.indrelid = ANY(%(tables)s::oid[])
"""
