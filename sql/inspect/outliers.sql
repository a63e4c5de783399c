-- title: The statements that take the most of the server's time
-- why: Ten statements are usually most of the load. Since the extension's statistics were reset.
-- servers: each
-- needs: pg_stat_statements
-- key: query
SELECT left(regexp_replace(s.query, '\s+', ' ', 'g'), 70) AS query, s.calls,
       round(s.mean_exec_time::numeric, 2) AS mean_ms, round(s.total_exec_time::numeric / 1000, 1) AS total_s,
       round((100 * s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0))::numeric, 1) AS percent,
       round(s.rows::numeric / nullif(s.calls, 0), 1) AS rows_each,
       CASE WHEN s.mean_exec_time > 400 AND s.calls > 20 THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN s.mean_exec_time > 400 AND s.calls > 20
            THEN 'EXPLAIN (ANALYZE, BUFFERS) it; payaidctl verify-indexes --analyze does so for the service''s own' ELSE '' END AS advice
FROM pg_stat_statements s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY s.total_exec_time DESC
LIMIT 20
