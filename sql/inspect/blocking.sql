-- title: Who waits for whom, now
-- why: One forgotten transaction can hold up all of a table's writers; the one at the head is the one to look at.
-- servers: each
-- key: waiting
SELECT w.pid AS waiting, date_trunc('millisecond', now() - w.query_start)::text AS for, left(w.query, 60) AS query,
       b.pid AS blocked_by, b.usename AS user, b.application_name AS application, b.state,
       coalesce(date_trunc('second', now() - b.xact_start)::text, '') AS transaction,
       CASE WHEN now() - w.query_start > interval '1 second' THEN 'fail' ELSE 'warn' END AS status,
       format('SELECT pg_cancel_backend(%s); pg_terminate_backend where it is idle in a transaction', b.pid) AS advice
FROM pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) h (pid)
JOIN pg_stat_activity b ON b.pid = h.pid
WHERE w.datname = current_database()
ORDER BY w.query_start
