"""The effect of a read: send the statement where it can be answered, and finish the answer."""

from collections.abc import Sequence

from payaid.cache.store import Filling
from payaid.db.routing import Reads
from payaid.rest.cursor import Cursors
from payaid.rest.plan import Plan
from payaid.rest.reply import reply
from payaid.rest.statement import SEPARATOR, statement, together


class Executor:
    """Turns plans into answers. The gateway's cache, the warmer and plain reads all fill through here."""

    def __init__(self, reads: Reads, cursors: Cursors) -> None:
        self._reads = reads
        self._cursors = cursors

    async def fill(self, planned: Plan, shown: int = 0) -> Filling:
        """Answer a plan from a server that shows at least position `shown`.

        Raises:
            NotFound: there is no such row, or no such parent.
            Unavailable: no server can answer now.
        """
        fetched = await self._reads.read(statement(planned), planned.depends(), shown)
        answered = reply(planned, fetched.raw, self._cursors)
        return Filling(answered.body, answered.etag, fetched.epoch, fetched.stamp)

    async def fill_many(self, plans: Sequence[Plan]) -> list[Filling]:
        """Answer several plans of one tenant by one statement: a round trip, and a connection, for all of them.

        Raises:
            NotFound: one of them asks for a row, or a parent, that is not there.
            Unavailable: no server can answer now.
        """
        depends = tuple(dict.fromkeys(name for planned in plans for name in planned.depends()))
        fetched = await self._reads.read(together([statement(planned) for planned in plans]), depends)
        raws = (fetched.raw or b"").split(SEPARATOR)[:-1]
        answers = [reply(planned, raw or None, self._cursors) for planned, raw in zip(plans, raws, strict=True)]
        return [Filling(one.body, one.etag, fetched.epoch, fetched.stamp) for one in answers]
