-- title: Long transactions and statements
-- why: An old snapshot keeps dead rows from being vacuumed, in every table, and holds up CREATE INDEX CONCURRENTLY.
-- servers: each
-- key: pid
SELECT a.pid, a.usename AS user, a.application_name AS application, a.state,
       date_trunc('second', now() - a.xact_start)::text AS transaction, left(a.query, 60) AS query,
       CASE WHEN a.state LIKE 'idle in transaction%' AND now() - a.state_change > interval '1 minute' THEN 'fail'
            WHEN now() - a.xact_start > interval '5 minutes' THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN a.state LIKE 'idle in transaction%' AND now() - a.state_change > interval '1 minute'
            THEN format('it does nothing: SELECT pg_terminate_backend(%s), and set idle_in_transaction_session_timeout', a.pid)
            WHEN now() - a.xact_start > interval '5 minutes' THEN format('SELECT pg_cancel_backend(%s)', a.pid)
            ELSE '' END AS advice
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
  AND now() - a.xact_start > interval '10 seconds'
ORDER BY a.xact_start
