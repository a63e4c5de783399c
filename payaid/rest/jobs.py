"""What a tenant may see of its jobs, and do with them."""

from typing import LiteralString

import orjson
from psycopg import sql

from payaid.call import Call
from payaid.db.servers import Primary
from payaid.db.writing import Unit
from payaid.errors import Conflict, NotFound
from payaid.jobs import outbox
from payaid.rest.reply import Reply
from payaid.rest.routes import PREFIX, Target
from payaid.rest.statement import Statement, shell
from payaid.rest.transact import Transactions

# A job changes by itself, so an answer about it is old at once.
NO_STORE = (b"cache-control", b"no-store")
COLUMNS: LiteralString = (
    't.id, t.task, t.state, t.progress, t.result, t.error, t.attempts, t.uncertain, t."createdAt",'
    ' t."notBefore", t."claimedAt" AS "startedAt", t."finishedAt"'
)
SHOWN = sql.SQL(
    'SELECT row_to_json(r)::text FROM (SELECT {} FROM "Outbox" t WHERE t."tenantId" = {} AND t.id = %(id)s) r'
)
ONE = shell(SHOWN.format(sql.SQL(COLUMNS), sql.SQL("tenant.id")))
WRITTEN = SHOWN.format(sql.SQL(COLUMNS), sql.Placeholder("tenant"))


class Jobs:
    """The endpoints below /api/v1/jobs. All read the primary: what a worker has just written is what is asked for."""

    def __init__(self, primary: Primary, transactions: Transactions) -> None:
        self._primary = primary
        self._transactions = transactions

    async def show(self, call: Call, target: Target) -> Reply:
        """GET: one job. Another tenant's looks exactly like none."""
        body = await self._primary.read(Statement(ONE, {"tenant": call.who().tenant_id, "id": target.id}))
        if body is None:
            raise _none(target.id)
        return Reply(200, body, headers=(NO_STORE,))

    async def cancel(self, call: Call, target: Target) -> Reply:
        """202: it ends, at once or (while it runs) at its next heartbeat; 409: it is over already."""

        async def work(unit: Unit) -> Reply:
            if await outbox.cancel(unit.connection, target.id) is None:
                body = await _body(unit, target.id)
                raise Conflict(f"The job is over: {_state(body)}.")
            return await accepted(unit, target.id)

        return await self._transactions.run(call, None, work)

    async def retry(self, call: Call, target: Target) -> Reply:
        """202: it is done again; 409: it is in no state from which it could be."""

        async def work(unit: Unit) -> Reply:
            if not await outbox.retry(unit.connection, target.id):
                body = await _body(unit, target.id)
                raise Conflict(f"The job is {_state(body)}; only dead, uncertain and cancelled jobs are done again.")
            return await accepted(unit, target.id)

        return await self._transactions.run(call, None, work)


async def accepted(unit: Unit, job_id: str) -> Reply:
    """202 with the job as it stands, and where to look how it fares."""
    body = await _body(unit, job_id)
    return Reply(202, body, headers=((b"location", f"{PREFIX}jobs/{job_id}".encode()), NO_STORE))


async def _body(unit: Unit, job_id: str) -> bytes:
    cursor = await unit.connection.execute(WRITTEN, {"tenant": unit.tenant, "id": job_id})
    row = await cursor.fetchone()
    if row is None:
        raise _none(job_id)
    return str(row[0]).encode()


def _state(body: bytes) -> str:
    return str(orjson.loads(body)["state"])


def _none(job_id: str) -> NotFound:
    return NotFound(f"There is no job {job_id}.")
