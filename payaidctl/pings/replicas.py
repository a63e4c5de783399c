"""Replicas: each a standby, of the same cluster as the primary, near it, and moving."""

from typing import Any

from payaidctl.finding import Finding, Status

NEAR_BYTES = 16 * 1024 * 1024
NEAR_S = 1.0
EXPECTED = f"a standby of the primary's cluster, replay moving, at most {NEAR_S:g} s behind"


def judge(facts: dict[str, Any]) -> list[Finding]:
    """The primary as the measure, then each replica."""
    primary = facts["primary"]
    standby = primary["in_recovery"]
    first = Finding(
        "replicas.primary",
        Status.FAIL if standby else Status.PASS,
        "Is the primary a primary?",
        "in recovery: a standby" if standby else f"writable, PostgreSQL {primary['version']}, at {primary['lsn']}",
        "writable",
        primary,
        "point DATABASE_URL and DATABASE_DIRECT_URL at the primary" if standby else "",
    )
    return [first, *(_replica(replica, primary) for replica in facts["replicas"])]


def _replica(replica: dict[str, Any], primary: dict[str, Any]) -> Finding:
    name = f"replicas.{replica['name']}"
    title = "Is it a standby of the primary, near it, and moving?"
    if "error" in replica:
        return Finding(name, Status.FAIL, title, replica["error"], EXPECTED, advice="start the replica")
    status, advice = _judge(replica, primary)
    return Finding(name, status, title, describe(replica), EXPECTED, replica, advice)


def _judge(replica: dict[str, Any], primary: dict[str, Any]) -> tuple[Status, str]:
    if not replica["in_recovery"]:
        return Status.FAIL, "DATABASE_READ_URL leads to a primary: point it at a standby"
    if replica["system"] != primary["system"]:
        return Status.FAIL, "DATABASE_READ_URL leads to another cluster: point it at a standby of this primary"
    if not replica["moving"]:
        return Status.FAIL, "replay stands still: `SELECT pg_wal_replay_resume()`, or look at its log"
    if (replica["behind_s"] or 0) > NEAR_S and (replica["behind_bytes"] or 0) > NEAR_BYTES:
        return Status.WARN, "find what holds replay back: long queries there, disk, or network"
    return Status.PASS, ""


def describe(replica: dict[str, Any]) -> str:
    """The replica's state on one line."""
    if not replica["in_recovery"]:
        return "not in recovery: a primary"
    behind = f"{replica['behind_bytes'] or 0:,} B and {replica['behind_s'] or 0:.2f} s behind"
    moving = "replay moving" if replica["moving"] else "replay stands still"
    paused = ", paused" if replica["paused"] else ""
    return f"standby, {behind}, {moving}{paused}, {replica['conflicts']} conflicts, PostgreSQL {replica['version']}"
