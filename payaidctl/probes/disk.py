"""Free room on the disks that can be seen from here: the database's where it is on this machine, and our state's."""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payaidctl.environment.urls import LOCAL
from payaidctl.errors import Unreachable
from payaidctl.probes import _postgres
from payaidctl.target import Target, state_dir

NAMED_BY = ("DATABASE_DIRECT_URL", "DATABASE_LISTEN_URL", "DATABASE_URL_POOLER", "DATABASE_URL")
WRITES = ""
# current_setting('data_directory') is for pg_read_all_settings; null for others, not an error.
WHERE = """
SELECT CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'usage')
            THEN current_setting('data_directory') END AS folder,
       pg_database_size(current_database())::bigint AS database_bytes
"""


async def look(target: Target, timeout_s: float) -> dict[str, Any]:
    """`places` with their free share; `database_seen` says whether the server's disk is among them."""
    url = _postgres.primary_url(target)
    rows = await _postgres.query(url, WHERE, timeout_s)
    local = (urlsplit(url).hostname or "") in LOCAL
    folder = rows[0]["folder"] if local else None
    if target.embedded and not folder:
        folder = str(state_dir())
    named = {"evidence": str(state_dir())} | ({"database": folder} if folder else {})
    places = {name: _room(Path(path)) for name, path in named.items()}
    return {
        "places": places,
        "database_seen": "database" in places,
        "database_bytes": rows[0]["database_bytes"],
        "least_percent": min(place["free_percent"] for place in places.values()),
        "least_free_gb": round(min(place["free_bytes"] for place in places.values()) / 1e9, 1),
    }


def _room(path: Path) -> dict[str, Any]:
    """Free bytes and share of the disk under a folder, or under the nearest parent that is there."""
    there = next(one for one in (path, *path.parents) if one.exists())
    try:
        usage = shutil.disk_usage(there)
    except OSError as error:
        raise Unreachable(f"the disk under {there}: {error.strerror}") from error
    return {"free_bytes": usage.free, "free_percent": round(100 * usage.free / usage.total, 1)}
