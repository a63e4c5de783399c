"""The read replicas: role, same cluster as the primary, lag in bytes and seconds, replay moving, conflicts."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from payaidctl.errors import Unreachable
from payaidctl.probes import _postgres
from payaidctl.target import Target, mask

NAMED_BY = ("DATABASE_READ_DIRECT_URL", "DATABASE_READ_URL")
WRITES = ""

PRIMARY_NAMES = ("DATABASE_URL", "DATABASE_URL_POOLER", "DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL")
PRIMARY = """
SELECT system_identifier::text AS system, pg_is_in_recovery() AS in_recovery,
       current_setting('server_version') AS version,
       CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn()::text END AS lsn,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline
FROM pg_control_system()
"""
REPLICA = """
SELECT s.system_identifier::text AS system, pg_is_in_recovery() AS in_recovery,
       current_setting('server_version') AS version, pg_last_wal_replay_lsn()::text AS replay_lsn,
       greatest(0, pg_wal_lsn_diff(%(primary)s::pg_lsn, pg_last_wal_replay_lsn()))::bigint AS behind_bytes,
       CASE WHEN pg_last_wal_replay_lsn() >= %(primary)s::pg_lsn THEN 0
            ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS behind_s,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused, -- an error on a primary
       (SELECT status FROM pg_stat_wal_receiver) AS receiver,
       coalesce((SELECT sum(confl_tablespace + confl_lock + confl_snapshot + confl_bufferpin + confl_deadlock)
                 FROM pg_stat_database_conflicts), 0)::bigint AS conflicts,
       current_setting('hot_standby_feedback')::boolean AS feedback
FROM pg_control_system() s
"""


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """The primary's position, then each replica against it, at the same moment. A silent one has an `error`."""
    primary = await _primary(target, timeout_s)
    urls = target.replica_urls
    replicas = await asyncio.gather(*(_replica(url, primary, timeout_s) for url in urls))
    own = {_place(url) for name in PRIMARY_NAMES if (url := target.get(name))}
    for url, facts in zip(urls, replicas, strict=True):
        facts["same_address_as_primary"] = _place(url) in own
    answered = [replica for replica in replicas if "error" not in replica]
    return {
        "primary": primary,
        "replicas": replicas,
        "count": len(replicas),
        "unreachable": [replica["name"] for replica in replicas if "error" in replica],
        "not_standby": [replica["name"] for replica in answered if not replica["in_recovery"]],
        "other_cluster": [replica["name"] for replica in answered if replica["system"] != primary.get("system")],
        "stalled": [replica["name"] for replica in answered if not replica["moving"]],
        "worst_behind_bytes": max((replica["behind_bytes"] or 0 for replica in answered), default=None),
        "worst_behind_s": max((replica["behind_s"] or 0.0 for replica in answered), default=None),
    }


async def _primary(target: Target, timeout_s: float) -> dict[str, Any]:
    rows = await _postgres.query(_postgres.primary_url(target), PRIMARY, timeout_s)
    return rows[0]


async def _replica(url: str, primary: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Looked at twice: has replay reached, within the time, what the primary had written when we first asked?"""
    name = mask(url).split("@")[-1]
    try:
        found = await _ask(url, primary, timeout_s)
        found["moving"] = await _reaches(url, found, primary, timeout_s)
    except Unreachable as error:
        return {"name": name, "error": str(error).removeprefix(f"{mask(url)}: ")}
    return {"name": name} | found


async def _ask(url: str, primary: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    rows = await _postgres.query(url, REPLICA, timeout_s, {"primary": primary["lsn"]})
    return rows[0]


async def _reaches(url: str, first: dict[str, Any], primary: dict[str, Any], timeout_s: float) -> bool:
    """Whether replay gets to the primary's position (what it had flushed), or at least moves towards it."""
    behind = first["behind_bytes"]
    if not first["in_recovery"] or behind is None or behind <= 0:
        return True
    clock = asyncio.get_running_loop()
    # Replay may rightly wait max_standby_streaming_delay for a query that is in its way; ours is 2 s.
    until = clock.time() + timeout_s
    while clock.time() < until:
        await asyncio.sleep(0.1)
        later = await _ask(url, primary, timeout_s)
        if later["behind_bytes"] < behind:
            return True
    return False


def _place(url: str) -> tuple[str, int, str]:
    """Host, port and database of a URL: what two URLs with the same password and different ones share."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 5432, parts.path
