"""Verbs: a catalogue's rule decides what happens, and one transaction makes it happen."""

import asyncio
from datetime import UTC, datetime

import orjson

from payaid.call import Call
from payaid.catalogue import Action, Asked, JobAsked, Kind, Outcome, Resource
from payaid.db.writing import Unit
from payaid.errors import Forbidden, OutcomeUnknown
from payaid.jobs.outbox import enqueue
from payaid.resources import catalogue
from payaid.rest import idempotency, rows
from payaid.rest.body import action_model, from_query, parse_json, validated
from payaid.rest.jobs import accepted
from payaid.rest.reply import Reply
from payaid.rest.request import parse_filters
from payaid.rest.routes import Target
from payaid.rest.rows import Row
from payaid.rest.transact import Transactions
from payaid.rest.uploads import Uploads, discard
from payaid.rest.writes import create_row, load_run, update_row


class Actions:
    """POSTs of verbs."""

    def __init__(self, transactions: Transactions, uploads: Uploads) -> None:
        self._transactions = transactions
        self._uploads = uploads

    async def run(self, call: Call, target: Target) -> Reply:
        """202 and a job, or 201 and a row; 404 where the verb's own row is not there."""
        action = target.action
        if action is None:
            raise LookupError(f"{target.template} is no verb")
        speaks_of = _made(call, action) if action.makes else target.resource
        given = _given(call, target, action)
        tag = load_run(call)
        upload = await self._uploads.store(call, action.uploads) if action.uploads else None

        async def work(unit: Unit) -> Reply:
            asked = await _asked(unit, call, target, action, upload.name if upload else "")
            outcome = action.rule(given, asked)
            if outcome.needs and outcome.needs not in call.who().grants:
                raise Forbidden(f"{action.title}: this one needs the right {outcome.needs}.")
            return await _carry_out(unit, target, action, outcome, tag)

        body = call.query.encode() + upload.digest if upload else call.body
        try:
            answered = await self._transactions.once(call, speaks_of, work, body)
        except (OutcomeUnknown, asyncio.CancelledError):
            raise  # perhaps the job is written all the same, and will look for its upload
        except BaseException:
            if upload:
                discard(upload.path)
            raise
        if upload and idempotency.REPLAYED in answered.headers:
            discard(upload.path)
        return answered


def _made(call: Call, action: Action) -> Resource:
    """The resource of which a row will be made: the caller needs the right to that, too."""
    resource = catalogue().by_name[action.makes]
    if f"{resource.module}:write" not in call.who().grants:
        raise Forbidden(f"{action.title} needs the right to write in {resource.module}.")
    return resource


def _given(call: Call, target: Target, action: Action) -> Row:
    """What the verb was sent. One that asks for nothing may be sent nothing; beside an upload, the query is asked."""
    if action.uploads:
        return from_query(action_model(action), call.query)
    body = parse_json(call.header(b"content-type"), call.body) if call.body.strip() else {}
    given = validated(action_model(action), body)
    for one in action.fields:
        if one.kind is Kind.FILTERS and target.resource:
            parse_filters(target.resource, given.get(one.name, {}))
    return given


async def _asked(unit: Unit, call: Call, target: Target, action: Action, upload: str) -> Asked:
    current: Row = {}
    if target.resource and action.on_item:
        current = orjson.loads((await rows.lock(unit, target.resource, target.id)).body)
    related: dict[str, Row | None] = {}
    for column in action.reads:
        assert target.resource is not None, "only a verb of a row reads what it refers to"  # noqa: S101
        other = catalogue().by_table[target.resource.columns[column].refers_to]
        found = await rows.read(unit, other, current[column]) if current[column] else None
        related[column] = orjson.loads(found.body) if found else None
    return Asked(datetime.now(UTC), unit.tenant, call.who().user_id, current, related, upload)


async def _carry_out(unit: Unit, target: Target, action: Action, outcome: Outcome, tag: Row) -> Reply:
    if outcome.changes:
        resource: Resource | None = target.resource
        if resource is None or not action.on_item:
            raise TypeError(f"{target.template}: only a verb of a row changes one")
        # Read again rather than passed along: it is locked, so nothing has changed, and the rule saw a copy.
        await update_row(unit, resource, await rows.lock(unit, resource, target.id), outcome.changes)
    if action.makes and outcome.made is not None:
        resource = catalogue().by_name[action.makes]
        return await create_row(unit, resource, outcome.made, tag if resource.tagged else {})
    if outcome.job is None:
        raise TypeError(f"{target.template}: its rule answers neither a job nor a row of {action.makes or 'anything'}")
    return await accepted(unit, await _written(unit, outcome.job, tag))


async def _written(unit: Unit, asked: JobAsked, tag: Row) -> str:
    return await enqueue(
        unit.connection, unit.tenant, asked.task, asked.payload,
        priority=asked.priority, dedupe=asked.dedupe, ordered_by=asked.ordered_by, load_run=tag.get("loadRun"),
    )  # fmt: skip
