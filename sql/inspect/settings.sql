-- title: Settings that matter for this load, with what they should be
-- why: Some defaults are for a laptop (random_page_cost for a spinning disk), and some turn safety off.
-- servers: each
-- key: setting
SELECT s.name AS setting, current_setting(s.name) AS value, w.better AS better,
       CASE WHEN w.fine THEN 'pass' ELSE w.otherwise END AS status,
       CASE WHEN w.fine THEN '' ELSE w.advice END AS advice
FROM pg_settings s
JOIN (VALUES
    ('fsync', 'on', current_setting('fsync') = 'on', 'fail', 'a crash may destroy the database: ALTER SYSTEM SET fsync = on'),
    ('full_page_writes', 'on', current_setting('full_page_writes') = 'on', 'fail', 'a crash may destroy pages: turn it on'),
    ('autovacuum', 'on', current_setting('autovacuum') = 'on', 'fail', 'dead rows pile up: ALTER SYSTEM SET autovacuum = on'),
    ('track_counts', 'on', current_setting('track_counts') = 'on', 'fail', 'autovacuum and every report here depend on it'),
    ('shared_buffers', 'a quarter of the memory',
     pg_size_bytes(current_setting('shared_buffers')) >= 134217728, 'warn', 'below 128 MB: a quarter of the memory is usual'),
    ('random_page_cost', '1.1 on solid-state disks', current_setting('random_page_cost')::float8 <= 2, 'warn',
     'on solid-state disks: ALTER SYSTEM SET random_page_cost = 1.1, or the planner shuns indexes'),
    ('idle_in_transaction_session_timeout', '60s', current_setting('idle_in_transaction_session_timeout') <> '0', 'warn',
     'a forgotten transaction holds locks and dead rows for ever: ALTER SYSTEM SET idle_in_transaction_session_timeout = ''60s'''),
    ('track_io_timing', 'on', current_setting('track_io_timing') = 'on', 'warn', 'on shows how long reads wait for the disk'),
    ('jit', 'off', current_setting('jit') = 'off', 'warn', 'compiling costs more than it saves for short statements'),
    ('hot_standby_feedback', 'on, on a standby', NOT pg_is_in_recovery() OR current_setting('hot_standby_feedback') = 'on', 'warn',
     'without it the primary''s vacuum cancels this standby''s queries'),
    ('wal_level', 'replica', current_setting('wal_level') <> 'minimal', 'warn', 'minimal allows no replica and no point-in-time recovery')
) w (name, better, fine, otherwise, advice) ON w.name = s.name
ORDER BY 1
