"""The stamps against a model of what really happened: whatever the order of events, no entry older than a known
change is served; and what the protocol's numbered rules say, one by one."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from payaid.cache.keys import Change, any_facet, any_row, collection, facet, row, touched
from payaid.cache.stamps import DIRTY, FRESH_S, Hearing, Stamps

NAMES = ("a", "b", "c")
SETS = st.sets(st.sampled_from(NAMES), min_size=1, max_size=2)


class Clock:
    """Time that passes when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class History(RuleBasedStateMachine):
    """A primary that commits, a replica that follows, a listener that may be late or gone, and a cache that fills.

    `values[name]` counts a name's commits; an entry holds the count that its query saw. `known[name]` is the count
    that this process has been told of, or that it took over by listening: below that nothing may be served.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        # So few names are kept that forgetting them is part of the game.
        self.stamps = Stamps(self.clock, names_kept=2)
        self.lsn, self.epoch, self.begun_at = 100, "e0", 100
        self.values = dict.fromkeys(NAMES, 0)
        self.history: list[tuple[int, dict[str, int]]] = [(100, dict(self.values))]
        self.polled: tuple[str, int, dict[str, int]] = ("", 0, {})
        self.pending: list[tuple[set[str], dict[str, int]]] = []
        self.heard: list[tuple[set[str], dict[str, int]]] = []
        self.known = dict.fromkeys(NAMES, 0)
        self.fills: list[tuple[str, str, int, int]] = []
        self.cache: dict[str, tuple[str, int, int]] = {}

    @initialize()
    def begin(self) -> None:
        self.listen()
        self.poll()

    # -- the world --------------------------------------------------------------------------------------------

    @rule(names=SETS, records=st.integers(1, 3))
    def commit(self, names: set[str], records: int) -> None:
        self.lsn += records
        for name in names:
            self.values[name] += 1
        self.history.append((self.lsn, dict(self.values)))
        if self.stamps.hearing is Hearing.HEARING:
            self.pending.append((names, dict(self.values)))

    @rule()
    def poll(self) -> None:
        self.stamps.polled(self.epoch, self.lsn)
        self.polled = (self.epoch, self.lsn, dict(self.values))

    @rule(seconds=st.sampled_from([0.1, FRESH_S * 2]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(what=st.sampled_from(["deaf", "deaf, and hears again", "restart", "restart, and hears again"]),
          back=st.integers(0, 60))  # fmt: skip
    def something_breaks(self, what: str, back: int) -> None:
        self.deafen()
        if what.startswith("restart"):
            self.primary_restarts(back)
        if what.endswith("again"):
            self.listen()

    def primary_restarts(self, back: int) -> None:
        """Positions may be used a second time; what was committed stays."""
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.lsn = self.begun_at = max(1, self.lsn - back)
        self.history = [(self.lsn, dict(self.values))]

    # -- what this process is told ----------------------------------------------------------------------------

    def deafen(self) -> None:
        self.stamps.deafen()
        for names, _ in self.heard:
            self.stamps.abandon(names)
        self.pending, self.heard = [], []

    @rule()
    def listen(self) -> None:
        self.deafen()
        self.lsn += 1
        before = self.stamps.epoch
        assert self.stamps.listen(self.epoch, self.lsn) is (before != self.epoch)
        self.known = dict(self.values)

    @precondition(lambda self: self.pending)
    @rule()
    def hear(self) -> None:
        names, values = self.pending.pop(0)
        self.stamps.begin(names)
        self.heard.append((names, values))
        for name in names:
            self.known[name] = max(self.known[name], values[name])

    @precondition(lambda self: self.heard)
    @rule()
    def mark(self) -> None:
        names, _ = self.heard.pop(0)
        self.lsn += 1
        self.stamps.settle(names, self.lsn)

    # -- the cache --------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES))
    def query_the_primary(self, name: str) -> None:
        self.fills.append((name, self.stamps.epoch, self.stamps.primary() or -1, self.values[name]))

    @rule(name=st.sampled_from(NAMES), place=st.integers(0, 50))
    def query_the_replica(self, name: str, place: int) -> None:
        """Somewhere behind: it shows what was committed up to its position, and nothing more."""
        position = max(self.begun_at, self.lsn - place)
        shown = next(values for at, values in reversed(self.history) if at <= position)
        if self.stamps.epoch == self.epoch:
            self.fills.append((name, self.stamps.epoch, position, shown[name]))

    @rule(name=st.sampled_from(NAMES))
    def read(self, name: str) -> None:
        """The usual way: a position polled just now, a query, and its answer."""
        self.poll()
        self.query_the_primary(name)
        self.answer_arrives(-1)

    @precondition(lambda self: self.pending)
    @rule()
    def hear_and_mark(self) -> None:
        self.hear()
        while self.heard:
            self.mark()

    @precondition(lambda self: self.fills)
    @rule(which=st.integers(0, 5))
    def answer_arrives(self, which: int) -> None:
        """As the store does: kept only if what is needed by now is covered."""
        name, epoch, stamp, value = self.fills.pop(which % len(self.fills))
        if stamp >= max(0, self.stamps.needed([name])) and epoch == self.stamps.epoch:
            self.cache[name] = (epoch, stamp, value)

    # -- the promise ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_older_than_a_known_change_is_served(self) -> None:
        if self.stamps.hearing is Hearing.DARK:
            return
        for name, (epoch, stamp, value) in self.cache.items():
            if epoch != self.stamps.epoch or stamp < self.stamps.needed([name]):
                continue
            if self.stamps.hearing is Hearing.HEARING:
                assert value >= self.known[name], f"{name}: {value} is served, {self.known[name]} is known"
            else:
                # Deaf: compared with the primary's position, which covers what was committed when it was polled.
                polled_epoch, _, polled = self.polled
                assert polled_epoch != epoch or value >= polled[name]

    @invariant()
    def what_is_changing_is_not_served(self) -> None:
        if self.stamps.hearing is Hearing.HEARING:
            for names, _ in self.heard:
                assert all(self.stamps.needed([name]) == DIRTY for name in names)

    @invariant()
    def no_more_names_are_kept_than_allowed(self) -> None:
        assert len(self.stamps._stamps) <= 2


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=200, stateful_step_count=40)


def hearing(floor: int = 100) -> tuple[Stamps, Clock]:
    clock = Clock()
    stamps = Stamps(clock)
    stamps.listen("e", floor)
    stamps.polled("e", floor)
    return stamps, clock


def test_what_has_no_stamp_has_the_floor() -> None:
    stamps, _ = hearing(100)
    assert stamps.needed(["never seen"]) == 100
    assert stamps.needed([]) == 100


def test_the_newest_of_what_is_read_counts() -> None:
    stamps, _ = hearing(100)
    for name, position in (("a", 110), ("b", 120)):
        stamps.begin([name])
        stamps.settle([name], position)
    assert (stamps.needed(["a"]), stamps.needed(["a", "b", "c"])) == (110, 120)


def test_two_changes_at_once_are_dirty_until_both_have_settled() -> None:
    stamps, _ = hearing()
    stamps.begin(["a"])
    stamps.begin(["a", "b"])
    stamps.settle(["a"], 110)
    assert (stamps.needed(["a"]), stamps.needed(["b"]), stamps.needed(["c"])) == (DIRTY, DIRTY, 100)
    stamps.settle(["a", "b"], 105)
    assert (stamps.needed(["a"]), stamps.needed(["b"])) == (110, 105)


def test_a_change_that_did_not_happen_leaves_nothing() -> None:
    stamps, _ = hearing()
    stamps.begin(["a"])
    stamps.abandon(["a"])
    assert stamps.needed(["a"]) == 100


def test_deaf_everything_is_compared_with_the_primary_and_dark_with_nothing() -> None:
    stamps, clock = hearing(100)
    stamps.polled("e", 130)
    stamps.deafen()
    assert (stamps.hearing, stamps.needed(["a"]), stamps.version) == (Hearing.DEAF, 130, 0)
    clock.now += FRESH_S * 1.1
    assert (stamps.hearing, stamps.needed(["a"])) == (Hearing.DARK, 0)


def test_before_the_first_listen_nothing_is_served() -> None:
    stamps = Stamps(Clock())
    assert (stamps.hearing, stamps.needed(["a"])) == (Hearing.DARK, DIRTY)


def test_a_position_of_another_epoch_says_nothing() -> None:
    stamps, _ = hearing(100)
    stamps.polled("another", 999)
    assert stamps.primary() == 100
    assert stamps.listen("another", 50) is True
    assert (stamps.primary(), stamps.needed(["a"])) == (0, 50)
    assert stamps.listen("another", 60) is False


def test_whatever_may_change_what_is_needed_changes_the_version() -> None:
    """A hit that was found good is served again without asking, as long as the version stands."""
    stamps, _ = hearing()
    changes: list[Any] = [
        lambda: stamps.begin(["a"]), lambda: stamps.settle(["a"], 110), lambda: stamps.listen("e", 120),
        lambda: stamps.begin(["a"]), lambda: stamps.listen("f", 10),
    ]  # fmt: skip
    seen = {stamps.version}
    for change in changes:
        change()
        assert stamps.version not in seen
        seen.add(stamps.version)


def test_what_a_change_touches_is_what_answers_depend_on() -> None:
    named = touched(Change("t", "Deal", ("1", "2"), {"stage": ["lead", "won"], "contactId": [None]}))
    assert set(named) == {
        collection("t", "Deal"), row("t", "Deal", "1"), row("t", "Deal", "2"),
        facet("t", "Deal", "stage", "lead"), facet("t", "Deal", "stage", "won"), facet("t", "Deal", "contactId", None),
    }  # fmt: skip
    many = touched(Change("t", "Deal", None, None))
    assert set(many) == {collection("t", "Deal"), any_row("t", "Deal"), any_facet("t", "Deal")}


def test_a_position_that_was_long_on_its_way_is_as_old_as_its_question() -> None:
    clock = Clock()
    stamps = Stamps(clock)
    stamps.listen("e", 100)
    stamps.deafen()
    clock.now = 0.9
    stamps.polled("e", 150, asked=0.0)
    assert stamps.primary() == 150
    clock.now = FRESH_S + 0.1
    assert stamps.primary() == 0, "what was asked over a second ago says nothing of now"
    stamps.polled("e", 160, asked=1.05)
    stamps.polled("e", 155, asked=0.95)
    assert stamps.primary() == 160
