"""Database diagnostics: one SQL file each in `sql/inspect`, run on the primary and the replicas, told as rows.

A file's header is its contract: `title`, `why`, `servers` (`each` or `primary`), `key` (the columns that name a row),
and where they apply `needs` (an extension), `sum` (columns added up over the servers: then a row is one for all of
them) and `keep` (`column = 0`: only rows whose sum is nothing). The statement returns the columns to show, then
`status` (pass, warn, fail, inconclusive) and `advice`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from payaid.content import content, content_root
from payaidctl.errors import Unreachable, UsageError
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.indexes.session import bounded, looking
from payaidctl.target import Target
from payaidctl.tell.table import size

FOLDER = "sql/inspect"
REQUIRED = ("title", "why", "servers", "key")
OPTIONAL = ("needs", "sum", "keep")
SERVERS = ("each", "primary")
# Rows of several servers become one, with the status that commits to least.
CAUTION = (Status.INCONCLUSIVE, Status.FAIL, Status.WARN, Status.PASS)
# Each server answers from its own memory; a statement that takes longer waits for something.
STATEMENT_S = 20
# Columns that count octets; machines get the figure, people "1.2 MB".
OCTETS = frozenset({"size", "needed", "bytes_behind"})

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inspection:
    """One diagnostic."""

    id: str
    title: str
    why: str
    servers: str
    key: tuple[str, ...]
    statement: str
    path: Path
    needs: str = ""
    sums: tuple[str, ...] = ()
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one inspection found: its rows, or why there are none."""

    inspection: Inspection
    rows: tuple[Row, ...] = ()
    status: Status = Status.PASS
    reason: str = ""
    advice: str = ""


def inspections() -> dict[str, Inspection]:
    """All of them, by id; an operator's own file takes the place of ours of the same name."""
    own = os.environ.get("PAYAID_CONTENT")
    roots = [content_root() / FOLDER] + ([Path(own) / FOLDER] if own else [])
    names = {path.name for root in roots if root.is_dir() for path in root.glob("*.sql")}
    found = [parse(content(f"{FOLDER}/{name}")) for name in sorted(names)]
    return {one.id: one for one in found}


def inspection(identifier: str) -> Inspection:
    """One by its id.

    Raises:
        UsageError: there is none of that name.
    """
    known = inspections()
    if identifier not in known:
        raise UsageError(f"there is no inspection {identifier!r}", f"there are: {', '.join(known)}")
    return known[identifier]


def parse(path: Path) -> Inspection:
    """Read one file.

    Raises:
        UsageError: its header breaks the contract; the message begins with `file:line`.
    """
    header: dict[str, str] = {}
    key = ""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("--"):
            break
        if line.startswith("--   ") and key:
            header[key] += " " + line[5:].strip()
            continue
        key, colon, value = (part.strip() for part in line[2:].partition(":"))
        if not colon or key not in REQUIRED + OPTIONAL or key in header:
            raise UsageError(f"{path}:{number + 1}: no header line", f"keys: {', '.join(REQUIRED + OPTIONAL)}")
        header[key] = value
    if missing := [name for name in REQUIRED if not header.get(name)]:
        raise UsageError(f"{path}:1: the header has no `{missing[0]}`", f"every file has: {', '.join(REQUIRED)}")
    if header["servers"] not in SERVERS:
        raise UsageError(f"{path}:1: servers is `{header['servers']}`", f"one of: {', '.join(SERVERS)}")
    return Inspection(
        id=path.stem,
        title=header["title"],
        why=header["why"],
        servers=header["servers"],
        key=_names(header["key"]),
        statement="\n".join(line for line in lines if not line.startswith("--")).strip(),
        path=path,
        needs=header.get("needs", ""),
        sums=_names(header.get("sum", "")),
        keep=header.get("keep", "").partition("=")[0].strip(),
    )


def listing() -> str:
    """What there is to look at, one a line."""
    known = inspections()
    width = max(map(len, known))
    return "\n".join(f"{name:<{width}}  {one.title}" for name, one in known.items())


async def inspect(system: Target, identifier: str | None, timeout_s: float) -> Report:
    """One inspection with all its rows as a table; without an identifier all of them, told by what needs a person.

    Raises:
        UsageError: there is none of that name.
    """
    chosen = [inspection(identifier)] if identifier else list(inspections().values())
    replicas = {f"replica {number}": url for number, url in enumerate(system.replica_urls, start=1)}
    urls = {"primary": system.direct_url} | replicas
    watch = Stopwatch(f"inspect {identifier}" if identifier else "inspect", str(system))
    seen = [await look(one, urls, timeout_s) for one in chosen]
    if identifier:
        return watch.report(findings(seen[0]), {"table": table(seen[0])})
    return watch.report([finding for one in seen for finding in summary(one)])


async def look(one: Inspection, urls: Mapping[str, str], timeout_s: float = 5) -> Seen:
    """Run one inspection; `urls` are by server, the primary first."""
    asked = dict(urls) if one.servers == "each" else dict(list(urls.items())[:1])
    answers: dict[str, list[Row]] = {}
    for server, url in asked.items():
        try:
            async with looking(url, f"inspect {one.id}", timeout_s) as connection:
                if one.needs and not await _has(connection, one.needs):
                    advice = f"CREATE EXTENSION {one.needs} (and shared_preload_libraries, where it needs that)"
                    return Seen(
                        one, status=Status.SKIP, reason=f"the extension {one.needs} is not there", advice=advice
                    )
                answers[server] = await _rows(connection, one)
        except Unreachable as error:
            return Seen(one, status=Status.INCONCLUSIVE, reason=f"{server}: {error}", advice=error.advice)
        except psycopg.errors.InsufficientPrivilege as error:
            reason = f"{server}: {error.diag.message_primary}"
            return Seen(one, status=Status.INCONCLUSIVE, reason=reason, advice="GRANT pg_monitor TO this role")
    return Seen(one, tuple(combine(one, answers)))


def combine(one: Inspection, answers: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The servers' rows as one list: added up by key where the inspection says so, else each with its server. Pure."""
    if not one.sums:
        several = len(answers) > 1
        return [({"server": server} if several else {}) | row for server, rows in answers.items() for row in rows]
    merged: dict[tuple[Any, ...], Row] = {}
    for rows in answers.values():
        for row in rows:
            name = tuple(row[column] for column in one.key)
            merged[name] = _added(one, merged[name], row) if name in merged else dict(row)
    return [row for row in merged.values() if not one.keep or not row[one.keep]]


def _added(one: Inspection, first: Row, other: Row) -> Row:
    cautious = min(first, other, key=lambda row: CAUTION.index(Status(row["status"])))
    sums = {column: (first[column] or 0) + (other[column] or 0) for column in one.sums}
    return first | sums | {"status": cautious["status"], "advice": cautious["advice"]}


def findings(seen: Seen) -> list[Finding]:
    """One finding a row, or one for the whole where there is no row."""
    one = seen.inspection
    if not seen.rows:
        return [Finding(one.id, seen.status, one.title, seen.reason or "none", advice=seen.advice)]
    return [
        Finding(
            id=".".join([one.id, *(str(row[column]) for column in ("server", *one.key) if column in row)]),
            status=Status(row["status"]),
            title=one.title,
            observed=", ".join(f"{name} {value}" for name, value in shown(row).items() if name not in one.key),
            evidence=shown(row),
            advice=row["advice"],
        )
        for row in seen.rows
    ]


def summary(seen: Seen) -> list[Finding]:
    """The rows that need a person; where none does, one finding that says how many were looked at."""
    found = findings(seen)
    urgent = [one for one in found if one.status is not Status.PASS]
    inspected = seen.inspection
    if len(urgent) > 1 and all(one.status is Status.INCONCLUSIVE for one in urgent):
        told = f"{len(urgent)} looked at, none can be told yet"
        return [Finding(inspected.id, Status.INCONCLUSIVE, inspected.title, told, advice=urgent[0].advice)]
    if urgent or not seen.rows:
        return urgent or found
    return [Finding(inspected.id, Status.PASS, inspected.title, f"{len(seen.rows)} looked at, nothing to do")]


def shown(row: Row) -> Row:
    """A row's columns without its verdict."""
    return {name: value for name, value in row.items() if name not in {"status", "advice"}}


def table(seen: Seen) -> dict[str, Any]:
    """The rows for a person to read."""
    columns = list(shown(seen.rows[0])) if seen.rows else []
    rows = [
        [row["status"], *(size(row[name]) if name in OCTETS else row[name] for name in columns)] for row in seen.rows
    ]
    return {"columns": columns, "rows": rows}


async def _has(connection: AsyncConnection[Any], extension: str) -> bool:
    cursor = await connection.execute("SELECT FROM pg_extension WHERE extname = %s", [extension])
    return await cursor.fetchone() is not None


async def _rows(connection: AsyncConnection[Any], one: Inspection) -> list[Row]:
    async with bounded(connection, STATEMENT_S), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(one.statement.encode())
        return await cursor.fetchall()


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())
