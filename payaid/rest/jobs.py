"""What a tenant may see of its jobs, and do with them."""

from functools import cache
from typing import Annotated, Literal, LiteralString

import orjson
from psycopg import sql
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from payaid.call import Call
from payaid.db.routing import Reads
from payaid.db.writing import Unit
from payaid.errors import Conflict, NotFound
from payaid.jobs import outbox
from payaid.rest.body import from_query, no_nul
from payaid.rest.cursor import Cursors
from payaid.rest.reply import Reply
from payaid.rest.request import DEFAULT_LIMIT, MAX_LIMIT
from payaid.rest.routes import PREFIX, Target
from payaid.rest.statement import Statement, shell
from payaid.rest.transact import Transactions

STATES = ("scheduled", "pending", "handed", "running", "retrying", "uncertain", "done", "dead", "cancelled")
# A job changes by itself, so an answer about it is old at once.
NO_STORE = (b"cache-control", b"no-store")
# Of what ended an attempt the tenant gets the words that a task or sql/schema/011 wrote; an exception that nobody chose
# to raise may name hosts, files or another's values, and is for `payaidctl jobs show`.
SAID: LiteralString = (
    "CASE WHEN t.error IS NULL OR t.error IN ('cancelled', 'ten workers died running it',"
    " 'its worker died while acting: done or not, nobody knows') THEN t.error"
    " WHEN t.error ~ '^(Permanent|Transient|Uncertain): '"
    " THEN regexp_replace(regexp_replace(t.error, '^[A-Z][a-z]+: ', ''), ' [(]at [^() ]+:[0-9]+[)]$', '')"
    " WHEN starts_with(t.error, 'TimeoutError: the attempt''s deadline passed') THEN 'the attempt''s deadline passed'"
    " ELSE 'an internal error; the operator has the cause' END AS error"
)
COLUMNS: LiteralString = (
    f't.id, t.task, t.state, t.progress, t.result, {SAID}, t.attempts, t.uncertain, t."createdAt",'
    ' t."notBefore", t."claimedAt" AS "startedAt", t."finishedAt"'
)
SHOWN = sql.SQL(
    'SELECT row_to_json(r)::text FROM (SELECT {} FROM "Outbox" t WHERE t."tenantId" = {} AND t.id = %(id)s) r'
)
ONE = shell(SHOWN.format(sql.SQL(COLUMNS), sql.SQL("tenant.id")))
WRITTEN = SHOWN.format(sql.SQL(COLUMNS), sql.Placeholder("tenant"))
# As of a list of rows: the first line is the key of the last one if more follow.
PAGE = sql.SQL(
    "SELECT coalesce(CASE WHEN count(*) > %(limit)s THEN min(p.seq) FILTER (WHERE p.n <= %(limit)s) END::text, '')"
    " || E'\\n' || coalesce(string_agg(p.job, ',' ORDER BY p.n) FILTER (WHERE p.n <= %(limit)s), '')"
    " FROM (SELECT row_number() OVER (ORDER BY r.seq DESC) AS n, r.seq, r.job FROM ("
    "SELECT t.seq, (SELECT row_to_json(j)::text FROM (SELECT {}) j) AS job"
    ' FROM "Outbox" t WHERE t."tenantId" = tenant.id{} ORDER BY t.seq DESC LIMIT %(limit)s + 1) r) p'
)
NARROWER: dict[str, LiteralString] = {
    "state": " AND t.state = %(state)s", "task": " AND t.task = %(task)s", "after": " AND t.seq < %(after)s::int8",
}  # fmt: skip


class Listing(BaseModel):
    """What a list of jobs may be asked for."""

    model_config = ConfigDict(extra="forbid", title="jobs")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=200)] = ""
    state: Literal[STATES] | None = None  # type: ignore[valid-type]
    task: Annotated[str, BeforeValidator(no_nul), Field(max_length=64)] | None = None


class Jobs:
    """The endpoints below /api/v1/jobs. All read the primary: what a worker has just written is what is asked for."""

    def __init__(self, reads: Reads, transactions: Transactions, cursors: Cursors) -> None:
        self._reads = reads
        self._transactions = transactions
        self._cursors = cursors

    async def list(self, call: Call) -> Reply:
        """GET: the tenant's jobs, newest first, of one state or task if asked so."""
        asked = Listing(**from_query(Listing, call.query))
        binding = f"{PREFIX}jobs {asked.state} {asked.task}"
        after = self._cursors.open(asked.cursor, binding, 1)[0] if asked.cursor else None
        params = {"state": asked.state, "task": asked.task, "after": after}
        given = {name: value for name, value in params.items() if value is not None}
        read = Statement(page(frozenset(given)), {"tenant": call.who().tenant_id, "limit": asked.limit, **given})
        key, _, jobs = ((await self._reads.confirm(read)).raw or b"").partition(b"\n")
        following = b'"%s"' % self._cursors.seal(b"[%s]" % key, binding).encode() if key else b"null"
        body = b'{"data":[%s],"page":{"limit":%d,"next":%s}}' % (jobs, asked.limit, following)
        return Reply(200, body, headers=(NO_STORE,))

    async def show(self, call: Call, target: Target) -> Reply:
        """GET: one job. Another tenant's looks exactly like none."""
        one = await self._reads.confirm(Statement(ONE, {"tenant": call.who().tenant_id, "id": target.id}))
        if one.raw is None:
            raise _none(target.id)
        return Reply(200, one.raw, headers=(NO_STORE,))

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


@cache
def page(narrowed: frozenset[str]) -> str:
    """The statement of a list with these of its parameters given."""
    conditions = "".join(NARROWER[name] for name in sorted(narrowed))
    return shell(PAGE.format(sql.SQL(COLUMNS), sql.SQL(conditions)))


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
