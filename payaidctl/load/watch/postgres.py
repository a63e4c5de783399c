"""Primary and replicas by direct connections: statements, transactions, waits, replication lag, restarts."""

import re
from typing import Any

import psycopg
from psycopg.rows import dict_row

DATABASE = """
SELECT xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted, tup_updated,
       tup_deleted, conflicts, deadlocks, temp_bytes, extract(epoch FROM pg_postmaster_start_time()) AS started
FROM pg_stat_database WHERE datname = current_database()
"""
STATEMENTS = """
SELECT s.queryid::text AS id, s.query, r.rolname AS role, s.calls, s.rows, s.total_exec_time AS ms
FROM pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
ACTIVITY = """
SELECT count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()) AS active,
       count(*) FILTER (WHERE wait_event_type = 'Lock') AS locked,
       count(*) AS connections
FROM pg_stat_activity WHERE datname = current_database()
"""
POSITION = """
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
       - '0/0'::pg_lsn AS position
"""
# The service's own bookkeeping is no read of what tenants own: WAL positions, barriers, settings, and the doors of
# the queue, which are writes in the shape of a SELECT.
HOUSEKEEPING = re.compile(
    r"pg_(current|last)_wal|pg_stat_|pg_is_in_recovery|pg_postmaster_start_time|pg_control_|pg_notify|pg_logical_emit_message|pg_backend_pid"
    r"|\bpayaid\.(job|outbox)"
    r"|^\s*(LISTEN|SHOW|SET|BEGIN|COMMIT|ROLLBACK|DISCARD|SELECT\s+(\$1|1)\s*$|SELECT\s+set_config\()",
    re.IGNORECASE,
)
READING = re.compile(r"^\s*(/\*.*?\*/\s*)?(SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
# A SELECT that locks its rows is the beginning of a write.
WRITING = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|FOR\s+(KEY\s+)?SHARE)\b", re.IGNORECASE)
TOP = 8
HIDDEN = "<insufficient privilege>"


def is_read(query: str) -> bool:
    """Whether a statement reads what tenants own: a SELECT that is neither bookkeeping nor part of a write."""
    return bool(READING.match(query)) and not WRITING.search(query) and not HOUSEKEEPING.search(query)


class Postgres:
    """One server. Replication lag is told by `Lag`, which needs two of them."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self.statements_why_not = ""

    async def open(self) -> None:
        """Connect, and find out whether statements are counted."""
        self._connection = await psycopg.AsyncConnection.connect(
            self.url, autocommit=True, connect_timeout=5, application_name="payaidctl loadtest", row_factory=dict_row
        )
        try:
            await self.connection.execute("SELECT 1 FROM pg_stat_statements LIMIT 1")
        except psycopg.Error as error:
            self.statements_why_not = str(error).strip().splitlines()[0]

    @property
    def connection(self) -> psycopg.AsyncConnection[dict[str, Any]]:
        """The open connection."""
        if self._connection is None:
            raise ConnectionError("it was never connected")
        return self._connection

    async def tick(self) -> dict[str, float]:
        """Backends at work, waiting for locks, and in all."""
        row = (await self._rows(ACTIVITY))[0]
        return {f"{self.name}.{key}": float(value) for key, value in row.items()}

    async def mark(self) -> dict[str, Any]:
        """The database's counters, and each statement's."""
        found: dict[str, Any] = {"database": (await self._rows(DATABASE))[0]}
        if not self.statements_why_not:
            found["statements"] = {f"{row['id']}/{row['role']}": row for row in await self._rows(STATEMENTS)}
        return found

    def difference(self, begin: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
        """What the server did in the plateau; reads are those of any role but ours."""
        facts: dict[str, Any] = {
            key: float(value) - float(begin["database"][key]) for key, value in end["database"].items()
        }
        restarted = bool(facts.pop("started"))
        facts["restarted"] = restarted
        if restarted or self.statements_why_not:
            return facts | {"statementsWhyNot": self.statements_why_not or "the server was restarted"}
        if any(row["query"] == HIDDEN for row in end["statements"].values()):
            return facts | {"statementsWhyNot": "the role may not read others' statements: grant pg_read_all_stats"}
        return facts | _statements(begin["statements"], end["statements"])

    async def close(self) -> None:
        """Disconnect."""
        if self._connection:
            await self._connection.close()

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        return await (await self.connection.execute(query.encode())).fetchall()


def _statements(begin: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
    spent = []
    for key, row in end.items():
        before = begin.get(key, {"calls": 0, "ms": 0.0, "rows": 0})
        calls = row["calls"] - before["calls"]
        if calls > 0:
            spent.append({
                "query": re.sub(r"\s+", " ", row["query"]).strip()[:400], "role": row["role"], "calls": calls,
                "ms": row["ms"] - before["ms"], "rows": row["rows"] - before["rows"], "read": is_read(row["query"]),
            })  # fmt: skip
    reads = [one for one in spent if one["read"]]
    return {
        "selects": sum(one["calls"] for one in reads),
        "selectMs": sum(one["ms"] for one in reads),
        "statements": sum(one["calls"] for one in spent),
        "statementMs": sum(one["ms"] for one in spent),
        "top": sorted(spent, key=lambda one: -one["ms"])[:TOP],
    }


class Lag:
    """How far each replica's replay is behind the primary, in bytes of WAL."""

    name = "lag"

    def __init__(self, primary: str, replicas: list[str]) -> None:
        self.urls = [primary, *replicas]
        self.connections: list[psycopg.AsyncConnection[Any]] = []
        self.worst = 0.0
        self.readings = 0

    async def open(self) -> None:
        """Connect to all of them."""
        for url in self.urls:
            self.connections.append(
                await psycopg.AsyncConnection.connect(
                    url, autocommit=True, connect_timeout=5, application_name="payaidctl loadtest"
                )
            )

    async def tick(self) -> dict[str, float]:
        """The replicas first, then the primary: the lag may read too large by what was written between, never small."""
        behind = [await self._position(connection) for connection in self.connections[1:]]
        ahead = await self._position(self.connections[0])
        lag = {f"lag{number}": max(0.0, ahead - position) for number, position in enumerate(behind, start=1)}
        self.worst = max(self.worst, *lag.values())
        self.readings += 1
        return lag

    async def mark(self) -> dict[str, float]:
        """The worst lag since the last mark."""
        found = {"worst": self.worst, "readings": float(self.readings)}
        self.worst, self.readings = 0.0, 0
        return found

    def difference(self, begin: dict[str, float], end: dict[str, float]) -> dict[str, Any]:
        """The worst lag in the plateau."""
        if not end["readings"]:
            return {"why_not": "it was never read in the plateau"}
        return {"worst": end["worst"], "readings": end["readings"]}

    async def close(self) -> None:
        """Disconnect."""
        for connection in self.connections:
            await connection.close()

    async def _position(self, connection: psycopg.AsyncConnection[Any]) -> float:
        row = await (await connection.execute(POSITION)).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0
