"""One transaction behind one request: done once for one Idempotency-Key, refused in the caller's words, stamped."""

from collections.abc import Awaitable, Callable
from functools import partial

from psycopg import DatabaseError

from payaid.call import Call
from payaid.catalogue import Resource
from payaid.db.writing import Unit, Writes
from payaid.rest import idempotency
from payaid.rest.refusals import broken, refusal
from payaid.rest.reply import Reply
from payaid.rules.broken import BrokenRules
from payaid.stamp_token import StampTokens

Work = Callable[[Unit], Awaitable[Reply]]


class Transactions:
    """Whatever changes a tenant's data for a request passes here."""

    def __init__(self, writes: Writes, stamps: StampTokens) -> None:
        self._writes = writes
        self._stamps = stamps

    async def run(self, call: Call, resource: Resource | None, work: Work) -> Reply:
        """Do the work in the caller's tenant. `resource` is what a refusal of the database speaks of."""
        try:
            answered, shown = await self._writes.run(call.who().tenant_id, work)
        except BrokenRules as rules:
            raise broken(rules) from rules
        except DatabaseError as error:
            if resource and (known := refusal(error, resource)):
                raise known from error
            raise
        if shown:
            call.answer_headers.append((b"x-payaid-stamp", self._stamps.seal(shown).encode()))
        return answered

    async def once(self, call: Call, resource: Resource | None, work: Work, body: bytes) -> Reply:
        """The same for a POST: with an Idempotency-Key that was used before, the first answer again.

        `body` stands for what was sent, and may be a digest of it.
        """
        if key := idempotency.read_key(call.header(b"idempotency-key")):
            work = partial(_once, key, idempotency.fingerprint(call.path, body), work)
        return await self.run(call, resource, work)


async def _once(key: str, print_: str, work: Work, unit: Unit) -> Reply:
    if earlier := await idempotency.claim(unit, key, print_):
        return earlier
    answered = await work(unit)
    await idempotency.keep(unit, key, print_, answered)
    return answered
