"""The store by itself: one filler a key, and nobody is given an answer that is older than what they were shown."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from payaid.cache.local import Local
from payaid.cache.policy import CacheClass
from payaid.cache.stamps import STILL_S, Stamps
from payaid.cache.store import MOMENT_S, Filling, Store, Wanted
from payaid.errors import NotFound, Unavailable

KEY = ("t", "/api/v1/contacts/x")
NAME = "t/Contact#x"


def store() -> Store:
    stamps = Stamps(time.monotonic)
    stamps.listen("e", 100)
    stamps.polled("e", 100)
    return Store(Local(10_000_000), None, stamps)


def wanted(fill: Callable[[], Awaitable[Filling]], shown: int = 0) -> Wanted:
    return Wanted(KEY, CacheClass.DETAIL, (NAME,), shown, fill)


class Database:
    """Answers with what it is told, after a moment, and counts."""

    def __init__(self, stamp: int, body: bytes = b"{}", error: Exception | None = None, takes_s: float = 0.01) -> None:
        self.stamp, self.body, self.error, self.takes_s = stamp, body, error, takes_s
        self.asked = 0

    async def __call__(self) -> Filling:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        if self.error:
            raise self.error
        return Filling(self.body, b'"tag"', "e", self.stamp)


def test_many_readers_of_one_key_are_one_query() -> None:
    async def scene() -> None:
        kept, database = store(), Database(100)
        answers = await asyncio.gather(*(kept.read(wanted(database)) for _ in range(50)))
        assert database.asked == 1
        assert {entry.body for entry, _ in answers} == {b"{}"}
        assert (await kept.read(wanted(database)))[1] == "hit_l1"

    asyncio.run(scene())


def test_a_process_that_stood_still_answers_nothing_until_its_ear_has_spoken() -> None:
    async def scene() -> None:
        kept, database = store(), Database(100, b"1")
        await kept.read(wanted(database))
        kept.stamps.heard(time.time() - STILL_S)
        assert kept.peek(KEY, 0) is None
        reading = asyncio.ensure_future(kept.read(wanted(Database(200, b"2"))))
        for _ in range(3):
            await asyncio.sleep(2 * MOMENT_S)
        assert not reading.done()
        # What it hears is that the row has changed meanwhile.
        kept.stamps.settle([NAME], 150)
        kept.stamps.heard(time.time())
        entry, result = await reading
        assert (entry.body, result) == (b"2", "miss")

    asyncio.run(scene())


def test_who_must_see_more_asks_again() -> None:
    async def scene() -> None:
        kept, early, late = store(), Database(100, b"old"), Database(150, b"new")
        first, second = await asyncio.gather(kept.read(wanted(early)), kept.read(wanted(late, shown=140)))
        assert (first[0].body, second[0].body) == (b"old", b"new")
        assert (await kept.read(wanted(early)))[0].body == b"new"

    asyncio.run(scene())


def test_who_made_a_row_is_not_told_by_anothers_earlier_look_that_there_is_none() -> None:
    async def scene() -> None:
        kept, early, late = store(), Database(100, error=NotFound()), Database(150, b"new")
        first, second = await asyncio.gather(
            kept.read(wanted(early)), kept.read(wanted(late, shown=140)), return_exceptions=True
        )
        assert isinstance(first, NotFound)
        assert not isinstance(second, BaseException), second
        assert second[0].body == b"new"

    asyncio.run(scene())


def test_a_failure_reaches_all_who_waited_and_none_who_come_later() -> None:
    async def scene() -> None:
        kept, away = store(), Database(100, error=Unavailable())
        answers = await asyncio.gather(*(kept.read(wanted(away)) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert away.asked == 1
        assert (await kept.read(wanted(Database(100))))[1] == "miss"

    asyncio.run(scene())


def test_a_reader_that_goes_away_leaves_the_others_their_answer() -> None:
    async def scene() -> None:
        kept, database = store(), Database(100)
        leader = asyncio.ensure_future(kept.read(wanted(database)))
        await asyncio.sleep(0)
        follower = asyncio.ensure_future(kept.read(wanted(database)))
        await asyncio.sleep(0)
        leader.cancel()
        entry, _ = await follower
        assert (entry.body, database.asked) == (b"{}", 1)
        with pytest.raises(asyncio.CancelledError):
            await leader

    asyncio.run(scene())


def test_while_a_row_is_being_changed_its_readers_do_not_queue_one_behind_the_other() -> None:
    """Nothing may be kept then, but a query that began after a reader came is as good as one of its own."""

    async def scene() -> None:
        kept, database = store(), Database(100, takes_s=0.02)
        kept.stamps.begin([NAME])
        answers = await asyncio.gather(*(kept.read(wanted(database)) for _ in range(30)))
        assert len(answers) == 30
        assert database.asked <= 3
        assert len(kept.local) == 0

    asyncio.run(scene())


def test_an_answer_that_was_overtaken_is_given_and_not_kept() -> None:
    async def scene() -> None:
        kept, database = store(), Database(100)
        reading = asyncio.ensure_future(kept.read(wanted(database)))
        await asyncio.sleep(0)
        kept.stamps.begin([NAME])
        kept.stamps.settle([NAME], 120)
        assert (await reading)[0].body == b"{}"
        assert len(kept.local) == 0

    asyncio.run(scene())


def test_an_expired_answer_is_served_while_it_is_renewed_and_an_outdated_one_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        kept, database = store(), Database(110)
        await kept.read(wanted(database))
        # Whatever the jitter: over the longest life of a detail, and within the shortest time that it may be stale.
        later = time.time() + 299.9
        monkeypatch.setattr("payaid.cache.store.time.time", lambda: later)
        entry, how = await kept.read(wanted(database))
        assert how == "stale"
        await kept.close()
        assert (await kept.read(wanted(database)))[1] == "hit_l1"
        monkeypatch.setattr("payaid.cache.store.time.time", lambda: later + 299.9)
        kept.stamps.begin([NAME])
        kept.stamps.settle([NAME], 120)
        database.stamp = 130
        entry, how = await kept.read(wanted(database))
        assert (how, entry.stamp) == ("miss", 130)

    asyncio.run(scene())


def test_who_comes_between_a_fillers_end_and_its_removal_begins_another() -> None:
    """A filler that is done stays listed until the loop runs its callback; waiting for it there would spin for ever."""

    async def scene() -> None:
        kept, early, late = store(), Database(100, b"old", takes_s=0), Database(150, b"new", takes_s=0)
        ended: list[asyncio.Task[tuple[object, str]]] = []

        async def fill() -> Filling:
            filling = await early()
            # Scheduled before the task ends, so it runs before the callbacks of its end do.
            asyncio.get_running_loop().call_soon(
                lambda: ended.append(asyncio.ensure_future(kept.read(wanted(late, shown=140))))
            )
            return filling

        await kept.read(wanted(fill))
        entry, _ = await asyncio.wait_for(ended[0], 5)
        assert entry.body == b"new"  # type: ignore[attr-defined]

    asyncio.run(scene())


def test_a_look_that_began_in_an_earlier_epoch_is_not_given_to_who_wrote_in_this_one() -> None:
    """Its position is of another history, and may well be higher."""

    async def scene() -> None:
        kept, before = store(), Database(1000, b"of before", takes_s=0.05)
        first = asyncio.ensure_future(kept.read(wanted(before)))
        await asyncio.sleep(0.01)
        kept.stamps.listen("f", 900)

        async def now() -> Filling:
            return Filling(b"of now", b'"tag"', "f", 930)

        entry, _ = await kept.read(wanted(now, shown=920))
        assert (entry.body, (await first)[0].body) == (b"of now", b"of before")

    asyncio.run(scene())
