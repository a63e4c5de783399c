"""Stamps: what keeps cached answers true. A stamp is a WAL position of the primary, in bytes.

An entry carries the position that its query was sure to see. A change raises the position that entries depending
on it need. An entry is good exactly while `entry.stamp >= needed(entry.depends)`, in the same epoch.

1. Positions grow only within an *epoch* (system, timeline, start of the primary). A new epoch forgets everything.
2. A change's position is read after its commit is visible, by writing a WAL message there (`db.identity.MARK`), so it
   is strictly above every position polled before the commit could be seen. A plain read of the insert position
   would not do: a commit record is inserted a moment before its changes are visible, and a query in that moment
   would be stamped as if it had seen them.
3. Between a change's first sign and its position the touched names are *dirty*: no hit, no fill.
4. What has no stamp has the *floor*: the position at which this process began to listen. Missing is never zero.
5. Not hearing notices is *deaf*: everything is compared with the primary's latest position. Not knowing that either
   is *dark*: kept answers are served, marked degraded, since nobody can write either as far as we can tell.
   A process that stood still is neither: it believes nothing until its ear has spoken again (`believed_until`).

This module is the pure state; `ear` feeds it, `store` and `db.routing` ask it. No I/O, no clock but the one given.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum

# Above any position: what is dirty is covered by nothing, yet.
DIRTY = 2**63
# A primary position older than this says nothing about now.
FRESH_S = 1.0
# A process that has not told for so long that it is running stood still: it believes nothing until its ear has spoken,
# or has had this much time to.
STILL_S, PATIENCE_S = 1.0, 0.5
NEVER = float("inf")


class Hearing(StrEnum):
    """How much this process knows of changes."""

    HEARING = "hearing"
    DEAF = "deaf"
    DARK = "dark"


class Stamps:
    """One process's knowledge. `names_kept` bounds the memory: forgetting the oldest name raises the floor."""

    def __init__(self, clock: Callable[[], float], names_kept: int = 200_000) -> None:
        self._clock = clock
        self._names_kept = names_kept
        self._stamps: dict[str, int] = {}
        self._dirty: Counter[str] = Counter()
        self._listening = False
        self._primary = 0
        self._primary_at = float("-inf")
        self.epoch = ""
        self.floor = DIRTY
        # Changes whenever an answer of `needed` might: what was found good at this version still is. 0: ask.
        self.version = 0
        self._versions = 0
        # Unix seconds after which nothing is believed: this process stood still, and notices may have arrived that it
        # has not looked at yet. NEVER: nobody told that it is running.
        self.believed_until = NEVER
        self._resumed = NEVER

    # -- what is asked ----------------------------------------------------------------------------------------

    @property
    def hearing(self) -> Hearing:
        """Hearing, deaf, or dark."""
        if self._listening:
            return Hearing.HEARING
        return Hearing.DEAF if self.epoch and self.primary() else Hearing.DARK

    def needed(self, depends: Iterable[str]) -> int:
        """The position that an answer depending on these names must cover; DIRTY while one of them is changing."""
        if not self._listening:
            return self.primary() if self.epoch else DIRTY
        needed = self.floor
        stamps, dirty = self._stamps, self._dirty
        for name in depends:
            if name in dirty:
                return DIRTY
            stamp = stamps.get(name, 0)
            if stamp > needed:  # noqa: PLR1730  # a hot loop: max() costs a call a name
                needed = stamp
        return needed

    def primary(self) -> int:
        """The primary's position as of at most FRESH_S ago; 0 when that is not known."""
        return self._primary if self._clock() - self._primary_at <= FRESH_S else 0

    # -- what is told -----------------------------------------------------------------------------------------

    def listen(self, epoch: str, floor: int) -> bool:
        """Notices arrive from now on; whatever happened before `floor` may have been missed. True: a new epoch."""
        changed = epoch != self.epoch
        if changed:
            self.epoch = epoch
            self._primary, self._primary_at = 0, float("-inf")
        self._stamps.clear()
        self.floor = floor
        self._listening = True
        self._moved()
        return changed

    def running(self, now: float) -> None:
        """This process is running at `now` (Unix seconds); told several times a second."""
        if now < self.believed_until:
            self.believed_until = now + STILL_S
        elif self._resumed == NEVER:
            self._resumed = now
        elif not self._listening and now - self._resumed >= PATIENCE_S:
            self.heard(now)  # nothing is to be heard: by now it is known whether we are deaf or dark

    def heard(self, now: float) -> None:
        """All notices that had arrived by `now` (Unix seconds) are stamped."""
        self.believed_until, self._resumed = now + STILL_S, NEVER

    def ended(self) -> None:
        """Nobody will tell any more that this process is running: nobody is to wait for it."""
        self.believed_until = NEVER

    def distrust(self) -> None:
        """Somebody else answered for the primary: what was kept so far may show less than its stamp says."""
        self.floor = max(self.floor, self._primary + 1)
        self._moved()

    def deafen(self) -> None:
        """Notices may be missed from now on: no stamp counts until `listen`."""
        self._listening = False
        self._moved()

    def polled(self, epoch: str, position: int, asked: float | None = None) -> None:
        """The primary was at `position`, and not before it was `asked` (by our clock; just now if that is not said).

        An answer that was long on its way says as little of now as the question's moment does.
        """
        if epoch == self.epoch:
            self._primary = max(position, self._primary)
            self._primary_at = max(self._primary_at, self._clock() if asked is None else asked)

    def begin(self, names: Iterable[str]) -> None:
        """These are being changed: neither hit nor fill until `settle`, `doubt` or `abandon`."""
        self._dirty.update(names)
        self._moved()

    def settle(self, names: Iterable[str], position: int) -> None:
        """The change is visible, and was so before `position`."""
        for name in names:
            self._clean(name)
            self._raise(name, position)
        while len(self._stamps) > self._names_kept:
            oldest = next(iter(self._stamps))
            self.floor = max(self.floor, self._stamps.pop(oldest))
        self._moved()

    def doubt(self, names: Iterable[str]) -> None:
        """Nobody knows whether the change happened: what is kept of these names is not believed any more.

        If it did happen it is announced, and the notice raises the names further. The latest position that was ever
        heard, however long ago: a primary that fell silent is what makes outcomes unknown.
        """
        self.settle(names, self._primary + 1)

    def abandon(self, names: Iterable[str]) -> None:
        """The change certainly did not happen."""
        for name in names:
            self._clean(name)

    def _moved(self) -> None:
        self._versions += 1
        # Deaf or dark, what is needed changes by itself, with the primary's position and the clock.
        self.version = self._versions if self._listening else 0

    def _clean(self, name: str) -> None:
        if self._dirty[name] > 1:
            self._dirty[name] -= 1
        else:
            del self._dirty[name]

    def _raise(self, name: str, position: int) -> None:
        # Taken out and put back, so that the dictionary's order is the order of the stamps' last change.
        self._stamps[name] = max(position, self._stamps.pop(name, 0))
