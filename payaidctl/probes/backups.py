"""Backups, as far as they can be seen: WAL archiving on the server, and a marker that a backup leaves behind.

BACKUP_MARKER names a file that the backup's last step touches; its age is the backup's.
"""

import time
from pathlib import Path
from typing import Any

from payaidctl.probes import _postgres
from payaidctl.target import Target

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")
WRITES = ""
ARCHIVER = """
SELECT current_setting('archive_mode') <> 'off' AS archiving, archived_count, failed_count,
       extract(epoch FROM now() - last_archived_time)::float8 / 3600 AS archived_h,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing
FROM pg_stat_archiver
"""


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """Whether anything tells of backups (`named`), whether archiving is `failing`, and the newest one's `age_h`."""
    rows = await _postgres.query(_postgres.primary_url(target), ARCHIVER, timeout_s)
    return judge(rows[0], _marked_h(target.get("BACKUP_MARKER")), bool(target.get("BACKUP_MARKER")))


def judge(archiver: dict[str, Any], marked_h: float | None, marker_named: bool) -> dict[str, Any]:
    """The server's word and the marker's as facts. Pure."""
    archived_h = archiver["archived_h"] if archiver["archiving"] else None
    ages = [age for age in (archived_h, marked_h) if age is not None]
    return {
        "named": bool(archiver["archiving"]) or marker_named,
        "archiving": archiver["archiving"],
        "failing": bool(archiver["archiving"] and archiver["failing"]),
        "marker_missing": marker_named and marked_h is None,
        "age_h": round(min(ages), 2) if ages else None,
    }


def _marked_h(marker: str | None) -> float | None:
    """Hours since the marker was touched; None without one."""
    if not marker or not (path := Path(marker)).is_file():
        return None
    return max(0.0, (time.time() - path.stat().st_mtime) / 3600)
