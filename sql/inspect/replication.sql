-- title: Replicas: how far behind each is, and what their slots hold back
-- why: A replica that lags answers with the past; a slot that nobody reads keeps WAL until the disk is full.
-- servers: each
-- key: what
SELECT coalesce(nullif(r.application_name, ''), r.client_addr::text, 'a standby') AS what, r.state, r.sync_state AS detail,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       r.replay_lsn)::int8 AS bytes_behind,
       coalesce(r.replay_lag::text, '0') AS lag,
       CASE WHEN r.state <> 'streaming' OR r.replay_lag > interval '10 seconds' THEN 'warn' ELSE 'pass' END AS status,
       CASE WHEN r.state <> 'streaming' THEN 'it is catching up: reads go to the primary until it has'
            WHEN r.replay_lag > interval '10 seconds' THEN 'a long query may hold replay up there: inspect long-running'
            ELSE '' END AS advice
FROM pg_stat_replication r
UNION ALL
SELECT 'slot ' || s.slot_name, CASE WHEN s.active THEN 'active' ELSE 'inactive' END, coalesce(s.wal_status, ''),
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       s.restart_lsn)::int8, '',
       CASE WHEN s.wal_status IN ('unreserved', 'lost') THEN 'fail' WHEN NOT s.active THEN 'warn' ELSE 'pass' END,
       CASE WHEN s.active THEN ''
            ELSE format('if its replica is gone for good: SELECT pg_drop_replication_slot(%L)', s.slot_name) END
FROM pg_replication_slots s
UNION ALL
SELECT 'this standby', coalesce(w.status, CASE WHEN w.pid IS NULL THEN 'no receiver' ELSE 'hidden from this role' END), coalesce(w.sender_host || ':' || w.sender_port, ''),
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8,
       coalesce((CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN interval '0'
                      ELSE now() - pg_last_xact_replay_timestamp() END)::text, ''),
       CASE WHEN w.status = 'streaming' THEN 'pass' WHEN w.pid IS NOT NULL AND w.status IS NULL THEN 'inconclusive'
            ELSE 'fail' END,
       CASE WHEN w.status = 'streaming' THEN ''
            WHEN w.pid IS NOT NULL AND w.status IS NULL THEN 'GRANT pg_monitor TO this role, to see its receiver'
            ELSE 'it receives nothing: see its log, and primary_conninfo' END
FROM (SELECT pg_is_in_recovery() AS standby) here LEFT JOIN pg_stat_wal_receiver w ON true WHERE here.standby
ORDER BY 1
