"""An answer of parts: what changed is read again, what did not is not, and nobody sees less than they wrote."""

import asyncio
import time
from collections import Counter

from payaid.cache.composed import read_composed
from payaid.cache.entry import Entry
from payaid.cache.local import Local
from payaid.cache.policy import CacheClass
from payaid.cache.stamps import Stamps
from payaid.cache.store import Filling, Store, Wanted
from payaid.rest.reply import joined

KEY = ("t", "whole")
TABLES = ("Contact", "Deal", "Task")


class Scene:
    """Three tables, each a part; a database whose position is told, and which counts how often it is read."""

    def __init__(self) -> None:
        self.stamps = Stamps(time.monotonic)
        self.stamps.listen("e", 10)
        self.store = Store(Local(1_000_000), None, self.stamps)
        self.position = 10
        self.rows: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    def change(self, table: str) -> int:
        """A committed change, its notice heard."""
        self.rows[table] += 1
        self.position += 10
        self.stamps.begin([f"t/{table}"])
        self.stamps.settle([f"t/{table}"], self.position)
        return self.position

    def read(self, shown: int = 0) -> tuple[bytes, str]:
        entry, result = asyncio.run(read_composed(self.store, KEY, [self._part(one, shown) for one in TABLES], joined))
        return entry.body, result

    def kept(self, shown: int = 0) -> Entry | None:
        return self.store.peek(KEY, shown)

    def _part(self, table: str, shown: int) -> Wanted:
        async def fill() -> Filling:
            self.asked[table] += 1
            return Filling(b'{"%s" : %d}' % (table.encode(), self.rows[table]), b'"x"', "e", self.position)

        return Wanted(("t", table), CacheClass.STATS, (f"t/{table}",), shown, fill)


def test_a_change_makes_only_its_own_part_be_read_again() -> None:
    scene = Scene()
    assert scene.read() == (b'{"Contact" : 0, "Deal" : 0, "Task" : 0}', "miss")
    kept = scene.kept()
    assert kept is not None
    assert kept.body == b'{"Contact" : 0, "Deal" : 0, "Task" : 0}'
    scene.change("Deal")
    assert scene.kept() is None, "one part does not hold, so the whole does not"
    assert scene.read() == (b'{"Contact" : 0, "Deal" : 1, "Task" : 0}', "miss")
    assert scene.asked == {"Contact": 1, "Deal": 2, "Task": 1}
    scene.store.local.drop(KEY)
    assert scene.read() == (b'{"Contact" : 0, "Deal" : 1, "Task" : 0}', "hit_l1")


def test_whoever_shows_a_write_gets_parts_that_cover_it_though_nothing_was_heard() -> None:
    scene = Scene()
    scene.read()
    scene.rows["Task"] += 1
    scene.position += 10  # committed, and not heard of here
    assert scene.kept() is not None
    assert scene.kept(shown=scene.position) is None
    assert scene.read(shown=scene.position)[0] == b'{"Contact" : 0, "Deal" : 0, "Task" : 1}'


def test_a_part_that_is_new_does_not_make_an_old_one_look_new() -> None:
    scene = Scene()
    scene.read()
    scene.rows["Contact"] += 1
    written = scene.position = scene.position + 10  # not heard of yet
    scene.change("Task")  # heard: this part is read again, at a position beyond the other write
    assert scene.read()[0] == b'{"Contact" : 0, "Deal" : 0, "Task" : 1}'
    assert scene.kept(shown=written) is None
    assert scene.read(shown=written)[0] == b'{"Contact" : 1, "Deal" : 0, "Task" : 1}'


def test_while_a_part_is_dirty_nothing_of_the_whole_is_kept() -> None:
    scene = Scene()
    scene.stamps.begin(["t/Deal"])
    scene.read()
    assert scene.kept() is None
    scene.stamps.settle(["t/Deal"], 20)
    scene.position = 20
    scene.read()
    assert scene.kept() is not None
    assert scene.asked == {"Contact": 1, "Deal": 2, "Task": 1}


def test_a_new_epoch_forgets_the_whole_with_its_parts() -> None:
    scene = Scene()
    scene.read()
    scene.stamps.listen("f", 10)
    assert scene.kept() is None
