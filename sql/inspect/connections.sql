-- title: Who is connected, and how near the limit is
-- why: Past max_connections everybody is refused, the operator too. Each process holds memory, idle or not: a pooler
--   keeps the number small.
-- servers: each
-- key: user, application, state
SELECT coalesce(a.usename, '(all)') AS user, coalesce(a.application_name, '') AS application, coalesce(a.state, '') AS state,
       count(*) AS connections, m.most AS of,
       CASE WHEN a.usename IS NOT NULL THEN 'pass'
            WHEN count(*) > 0.9 * m.most THEN 'fail' WHEN count(*) > 0.7 * m.most THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN a.usename IS NULL AND count(*) > 0.7 * m.most
            THEN 'put PgBouncer in front in transaction mode; instances x pool must stay below this limit' ELSE '' END AS advice
FROM (SELECT coalesce(usename, 'unknown') AS usename, application_name, state FROM pg_stat_activity
      WHERE backend_type = 'client backend') a
CROSS JOIN (SELECT current_setting('max_connections')::int
                   - current_setting('superuser_reserved_connections')::int AS most) m
GROUP BY GROUPING SETS ((a.usename, a.application_name, a.state, m.most), (m.most))
ORDER BY a.usename IS NOT NULL, count(*) DESC
LIMIT 30
