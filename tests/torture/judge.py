"""Pure: which reads of a history are impossible under the promises, and which acknowledged writes are lost.

- A read with a token shows that write, and everything that was acknowledged before that write began.
- A read without shows whatever was acknowledged `PATIENCE_S` before it began.
- Nothing shows a write that failed, one that had not begun, another tenant's mark, or a row twice in time.
- What is marked degraded (the primary is away) may be old, but not older than the token.

Where clocks are read late (a busy client), the judge errs towards innocence: a write ends late, a read begins early.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.torture.history import Finding, Kind, Outcome, Read, Write

# Those who show no token are promised to see a write within a second of its answer.
PATIENCE_S = 1.0
# What the pipeline adds up: open stages.
OPEN = frozenset({"lead", "qualified", "proposal", "negotiation"})


class Register:
    """One row's writes in their order."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self._ended: list[float] = []

    def add(self, write: Write) -> None:
        """The next write; its version is above all others."""
        assert not self.writes or write.version > self.writes[-1].version, "one writer at a time has a row"
        self.writes.append(write)
        self._ended.append(write.ended)

    def resolve(self, outcome: Outcome, now: float) -> None:
        """The last write's outcome was unknown, and is known now: it counts as acknowledged from this moment."""
        self.writes[-1] = replace(self.writes[-1], outcome=outcome, ended=now)
        self._ended[-1] = now

    def acknowledged(self, before: float) -> int:
        """The place of the last write that was acknowledged by then; -1 without one."""
        place = bisect_right(self._ended, before) - 1
        while place >= 0 and self.writes[place].outcome is not Outcome.DONE:
            place -= 1
        return place

    def place(self, version: int) -> int:
        """Where a version stands; -1: nobody wrote it."""
        return next((at for at, one in enumerate(self.writes) if one.version == version), -1)


class Judge:
    """Told of every write; asked about reads, once all writes that began before their end have ended."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Register]] = defaultdict(dict)
        self._restarts: list[float] = []
        self.staleness: dict[str, float] = defaultdict(float)

    # -- what is told -----------------------------------------------------------------------------------------
    def wrote(self, write: Write) -> None:
        """A write ended."""
        self._rows[write.tenant].setdefault(write.row, Register()).add(write)

    def resolved(self, tenant: str, row: str, outcome: Outcome, now: float) -> None:
        """The truth about a row's last write, which was unknown, was looked up."""
        self._rows[tenant][row].resolve(outcome, now)

    def restarted(self, now: float) -> None:
        """The primary was restarted about now: tokens of before mean nothing to it."""
        self._restarts.append(now)

    # -- what is asked ----------------------------------------------------------------------------------------
    def reads(self, read: Read) -> list[Finding]:
        """What is wrong with one answer."""
        return [Finding(what, detail, read) for what, detail in self._wrong(read)]

    def _wrong(self, read: Read) -> Iterator[tuple[str, str]]:
        if foreign := read.marks - {read.tenant}:
            yield "another tenant's bytes", f"{sorted(foreign)} in an answer to {read.tenant}"
        if read.status == 500:
            yield "a bug", f"500 {read.said} while {read.fault or 'nothing'} was broken"
        if not read.answered:
            return
        if read.kind is Kind.FOREIGN:
            if read.status != 404:
                yield "another tenant's row", read.asked
        elif read.kind is Kind.STATS:
            yield from self._statistics(read)
        elif read.kind is Kind.DETAIL:
            yield from self._row(read, read.asked, read.shows.get(read.asked), None)
        else:
            facet = read.asked if read.kind is Kind.FACET else None
            for row in self._rows[read.tenant].keys() | read.shows.keys():
                yield from self._row(read, row, read.shows.get(row), facet)

    def _row(self, read: Read, row: str, version: int | None, facet: str | None) -> Iterator[tuple[str, str]]:
        """One row in one answer: with this version, or absent."""
        register = self._rows[read.tenant].get(row)
        if register is None:
            if version is not None:
                yield "a row that nobody made", f"{row} at {version}"
            return
        must = self._must(read, register)
        if version is None:
            if must >= 0 and all(self._in_list(one, facet) for one in self._possible(read, register, must)):
                yield (
                    self._which(read, "is absent"),
                    f"{row}: absent, and version {register.writes[must].version} was acknowledged",
                )
            self._aged_absence(read, register, facet)
            return
        place = register.place(version)
        if place < 0 or register.writes[place].outcome is Outcome.FAILED:
            yield "a write that never happened", f"{row} at {version}"
            return
        one = register.writes[place]
        if one.began > read.ended:
            yield "a write of the future", f"{row} at {version}"
        if place < must:
            newer = register.writes[must]
            before = f"{newer.version} by {newer.door} was acknowledged {read.began - newer.ended:.3f} s before"
            yield self._which(read, "is old"), f"{row} at {version}, and {before}"
        if (
            (facet is not None and one.state != facet)
            or one.state is None
            or read.states.get(row, one.state) != one.state
        ):
            yield (
                "a row in the wrong list",
                f"{row} at {version} is {one.state}, shown as {read.states.get(row)} among {facet}",
            )
        self._aged(read, register, place)

    def _statistics(self, read: Read) -> Iterator[tuple[str, str]]:
        least = most = low = high = 0
        for register in self._rows[read.tenant].values():
            must = self._must(read, register)
            possible = self._possible(read, register, must)
            there = [int(one.state is not None) for one in possible]
            worth = [one.version if one.state in OPEN else 0 for one in possible]
            if must < 0:
                there, worth = [*there, 0], [*worth, 0]
            least, most, low, high = least + min(there), most + max(there), low + min(worth), high + max(worth)
        if not least <= read.counted <= most:
            yield self._which(read, "counts wrongly"), f"{read.counted} deals, between {least} and {most} are possible"
        if not low <= read.summed <= high:
            yield self._which(read, "sums wrongly"), f"pipeline {read.summed}, between {low} and {high} is possible"

    # -- what a read may show ---------------------------------------------------------------------------------
    def _must(self, read: Read, register: Register) -> int:
        """The place of the newest write that this read has to show; -1: it may show nothing at all."""
        token = self._token(read)
        before = token.began if token else float("-inf")
        if not read.degraded:
            before = max(before, read.began - PATIENCE_S)
        must = register.acknowledged(before)
        if token and register.writes[0].row == token.row:
            must = max(must, register.place(token.version))
        return must

    def _token(self, read: Read) -> Write | None:
        """The write whose token counts: one of before a restart of the primary asks for nothing."""
        if read.shown is None or any(read.shown.began <= one <= read.ended for one in self._restarts):
            return None
        return read.shown

    @staticmethod
    def _possible(read: Read, register: Register, must: int) -> list[Write]:
        return [
            one
            for one in register.writes[max(0, must) :]
            if one.outcome is not Outcome.FAILED and one.began <= read.ended
        ]

    @staticmethod
    def _in_list(one: Write, facet: str | None) -> bool:
        return one.state is not None and (facet is None or one.state == facet)

    def _which(self, read: Read, what: str) -> str:
        return f"a read {'with its token' if self._token(read) else 'without a token'} {what}"

    # -- how old ----------------------------------------------------------------------------------------------
    def _aged(self, read: Read, register: Register, place: int) -> None:
        for newer in register.writes[place + 1 :]:
            if newer.outcome is Outcome.DONE:
                age, where = read.began - newer.ended, "degraded" if read.degraded else str(read.kind)
                self.staleness[where] = max(self.staleness[where], age)
                return

    def _aged_absence(self, read: Read, register: Register, facet: str | None) -> None:
        """Absent: as old as the first write of the newest run of versions that would all be there."""
        run = []
        for one in reversed(register.writes):
            if one.outcome is Outcome.FAILED or one.began > read.ended:
                continue
            if not self._in_list(one, facet):
                break
            run.append(one)
        done = [one.ended for one in run if one.outcome is Outcome.DONE]
        if done:
            where = "degraded" if read.degraded else str(read.kind)
            self.staleness[where] = max(self.staleness[where], read.began - min(done))

    # -- the end ----------------------------------------------------------------------------------------------
    def lost(self, truth: Mapping[str, Mapping[str, int]]) -> list[Finding]:
        """Acknowledged writes that the primary does not show when all is over; `truth` has its versions by tenant."""
        found = []
        for tenant, rows in self._rows.items():
            for row, register in rows.items():
                shown = truth.get(tenant, {}).get(row)
                last = register.acknowledged(float("inf"))
                possible = [one for one in register.writes[max(0, last) :] if one.outcome is not Outcome.FAILED]
                allowed = {one.version if one.state is not None else None for one in possible}
                if last < 0:
                    allowed.add(None)
                if shown not in allowed:
                    found.append(
                        Finding("a lost write", f"{tenant} {row} is at {shown}, possible: {sorted(map(str, allowed))}")
                    )
        return found


def judged(writes: list[Write], reads: list[Read], restarts: tuple[float, ...] = ()) -> list[Finding]:
    """Everything that is wrong with a whole history."""
    judge = Judge()
    for write in writes:
        judge.wrote(write)
    for moment in restarts:
        judge.restarted(moment)
    return [finding for read in reads for finding in judge.reads(read)]
