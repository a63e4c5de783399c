"""Which server is asked when one fails: not the slow way twice, and never a bug where the answer is "not now"."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from psycopg import OperationalError, errors

from payaid.cache.stamps import Stamps
from payaid.db.routing import Fetched, Reads
from payaid.db.servers import TooLong
from payaid.errors import Unavailable
from payaid.rest.statement import Statement

QUESTION = Statement("SELECT 1", {"tenant": "t"})


class Pool:
    """Has nothing to drop."""

    async def drop_broken(self) -> None:
        """Nothing."""


RESTARTED = b"an answer across a restart"
STRANGER = b"an answer of somebody who is no replica of ours"


class Server:
    """A server that answers, or fails, as told; it counts."""

    def __init__(self, says: Sequence[bytes | Exception], position: int = 1000) -> None:
        self.says, self.position, self.asked = list(says), position, 0
        self.name, self.pool, self.usable, self.lives, self.refused = "replica-1", Pool(), True, 0, ""
        self.awaited = asyncio.Event()

    async def read(self, _: Statement) -> bytes | None:
        self.asked += 1
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        if said == RESTARTED:
            self.lives += 1
        if said == STRANGER:
            self.refused = "met on the connection that was opened for this read"
        return said

    def rest(self) -> None:
        self.usable = False


def read(primary: Any, replica: Any, *, deaf_at: int = 0, confirm: bool = False) -> Fetched:
    async def scene() -> Fetched:
        stamps = Stamps(time.monotonic)
        stamps.listen("e", 100)
        if deaf_at:
            stamps.polled("e", deaf_at)
            stamps.deafen()
        reads = Reads(primary, [replica], stamps)
        return await (reads.confirm(QUESTION) if confirm else reads.read(QUESTION, ("t/Contact",)))

    return asyncio.run(scene())


def test_what_is_too_long_for_a_replica_is_not_asked_of_the_primary() -> None:
    primary, replica = Server([b"1"]), Server([TooLong("slow")])
    with pytest.raises(TooLong):
        read(primary, replica)
    assert primary.asked == 0


def test_what_froze_with_its_replica_is_asked_of_the_primary() -> None:
    class Freezing(Server):
        async def read(self, question: Statement) -> bytes | None:
            self.usable = False
            return await super().read(question)

    found = read(Server([b"1"]), Freezing([TooLong("frozen")]))
    assert (found.raw, found.server, found.reason) == (b"1", "primary", "replica-lost")


def test_with_every_server_lost_the_answer_is_not_now() -> None:
    lost = OperationalError("server closed the connection unexpectedly")
    primary, replica = Server([lost, lost]), Server([lost], position=1000)
    with pytest.raises(Unavailable):
        read(primary, replica, deaf_at=2000)
    assert (primary.asked, replica.asked) == (2, 1)


def test_the_primary_confirms_what_a_replica_may_not_know_yet() -> None:
    primary, replica = Server([b"1"]), Server([b"0"])
    found = read(primary, replica, confirm=True)
    assert (found.raw, found.server, replica.asked) == (b"1", "primary", 0)


@pytest.mark.parametrize("said", [RESTARTED, STRANGER])
def test_what_a_replica_says_as_it_turns_out_to_be_another_is_asked_of_the_primary(said: bytes) -> None:
    """It may be behind the position that it was chosen for."""
    primary, replica = Server([b"now"]), Server([said])
    fetched = read(primary, replica)
    assert (fetched.raw, fetched.server, fetched.reason) == (b"now", "primary", "replica-lost")


def test_a_query_that_replay_ended_is_asked_of_the_primary_and_the_replica_is_not_rested() -> None:
    primary, replica = Server([b"1"]), Server([errors.DeadlockDetected("replay waited for it")])
    assert read(primary, replica).reason == "conflict"
    assert replica.usable
