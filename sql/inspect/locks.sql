-- title: Strong locks that are held or waited for now
-- why: ACCESS EXCLUSIVE stops readers, SHARE and stronger stop writers; and who waits for one stops everybody behind.
-- servers: each
-- key: pid, relation, mode
SELECT l.pid, a.usename AS user, a.application_name AS application, l.relation::regclass::text AS relation, l.mode,
       l.granted, coalesce(date_trunc('second', now() - a.xact_start)::text, '') AS transaction,
       CASE WHEN now() - coalesce(l.waitstart, a.xact_start) > interval '5 seconds' THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN now() - coalesce(l.waitstart, a.xact_start) > interval '5 seconds'
            THEN format('inspect blocking shows who waits; SELECT pg_cancel_backend(%s) ends it', l.pid) ELSE '' END AS advice
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
ORDER BY l.granted, a.xact_start
