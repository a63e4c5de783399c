"""Read-through over L1 and L2, one filler a key and process. Redis never makes a read fail.

An entry is served while its stamp covers what is needed (`stamps`) and its class' life has not run out. A life that
ran out, with a stamp that still covers, is served stale while one caller renews it; an uncovered one never is.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from payaid import observe
from payaid.cache import keys
from payaid.cache.entry import Entry
from payaid.cache.local import Key, Local
from payaid.cache.policy import JITTER, LIVES, CacheClass
from payaid.cache.stamps import Stamps
from payaid.errors import NotFound
from payaid.kv import Away, KeyValue

# After a standstill the ear speaks within milliseconds; nobody waits for longer than its own patience.
MOMENT_S = 0.002


class Filling(NamedTuple):
    """What a filler made: the bytes, and the position that they are sure to show; -1: not to be kept."""

    body: bytes
    etag: bytes
    epoch: str
    stamp: int


class Wanted(NamedTuple):
    """What is asked of the cache. `shown` is the caller's own last write, 0 without one."""

    key: Key
    cache_class: CacheClass
    depends: tuple[str, ...]
    shown: int
    fill: Callable[[], Awaitable[Filling]]


class _Filler(NamedTuple):
    number: int
    shown: int
    task: asyncio.Task[Entry]


class Store:
    """The two layers. `shared` is None where no Redis is configured."""

    def __init__(self, local: Local, shared: KeyValue | None, stamps: Stamps) -> None:
        self.local = local
        self.stamps = stamps
        self._shared = shared
        self._filling: dict[Key, _Filler] = {}
        self._fillers = 0
        self._background: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    def peek(self, key: Key, shown: int) -> Entry | None:
        """An L1 entry that may be served as it is: the hot path, without a wait."""
        entry = self.local.get(key)
        if entry is None or entry.stamp < shown or not self.good(entry):
            return None
        entry.hits += 1
        return entry

    def good(self, entry: Entry) -> bool:
        """May this entry be served as it is, to a caller who has written nothing?"""
        now, stamps = time.time(), self.stamps
        if now >= entry.fresh_until or now >= stamps.believed_until:
            return False
        # Nothing has changed anywhere since it was found good: the usual case, and the cheap one.
        if entry.sound_at != stamps.version:
            if not all(map(self._covers, entry.parts or (entry,))):
                return False
            entry.sound_at = stamps.version or -1
        return True

    def _covers(self, entry: Entry) -> bool:
        return entry.epoch == self.stamps.epoch and entry.stamp >= self.stamps.needed(entry.depends)

    async def read(self, wanted: Wanted) -> tuple[Entry, str]:
        """The entry, and where it came from: hit_l1, hit_l2, stale or miss.

        Raises:
            PayaidError: whatever the filler raises; errors are never kept.
        """
        while time.time() >= self.stamps.believed_until:
            await self._ear()
        if entry := self.peek(wanted.key, wanted.shown):
            return entry, "hit_l1"
        entry = self.local.get(wanted.key)
        if entry is not None and self._serves(entry, wanted):
            self._renew(wanted)
            return entry, "stale"
        if entry := await self._from_shared(wanted):
            self.local.put(wanted.key, entry)
            if time.time() < entry.fresh_until:
                return entry, "hit_l2"
            self._renew(wanted)
            return entry, "stale"
        return await self._fill(wanted), "miss"

    async def _ear(self) -> None:
        """Wait until the ear has spoken: one looks for all, since after a standstill all wait at once."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.ensure_future(self._spoken())
        await asyncio.shield(self._listening)

    async def _spoken(self) -> None:
        while time.time() >= self.stamps.believed_until:  # noqa: ASYNC110  # an event would cost the ear at each word
            await asyncio.sleep(MOMENT_S)

    def _serves(self, entry: Entry, wanted: Wanted) -> bool:
        needed = max(self.stamps.needed(wanted.depends), wanted.shown)
        return entry.epoch == self.stamps.epoch and entry.stamp >= needed and time.time() < entry.stale_until

    async def _from_shared(self, wanted: Wanted) -> Entry | None:
        if self._shared is None or not self.stamps.epoch:
            return None
        try:
            raw = await self._shared.get(keys.shared_key(self.stamps.epoch, *wanted.key))
        except Away:
            return None
        entry = Entry.unpack(raw, wanted.depends) if raw else None
        return entry if entry and self._serves(entry, wanted) else None

    async def _fill(self, wanted: Wanted) -> Entry:
        """One filler a key: later callers wait for it.

        What a filler makes is good for a caller if it covers what that caller needs; or if the filler began after
        the caller came, and was to show no less, for then the caller's own would show no more. (Without the second
        rule, callers of what is changing all the time would queue up behind each other's fillers, one at a time.)
        """
        came = self._fillers
        # One that is done is as good as gone: waiting for it would not yield, and so never let it be removed.
        while (running := self._filling.get(wanted.key)) and not running.task.done():
            try:
                entry = await asyncio.shield(running.task)
            except NotFound:
                # Another's look may have been earlier than the write that this caller shows.
                if not wanted.shown:
                    raise
                continue
            needed = max(self.stamps.needed(wanted.depends), wanted.shown)
            if entry.stamp >= needed and entry.epoch == self.stamps.epoch:
                return entry
            if running.number > came and running.shown >= wanted.shown:
                return entry
        self._fillers += 1
        task = asyncio.ensure_future(self._fill_alone(wanted))
        self._filling[wanted.key] = _Filler(self._fillers, wanted.shown, task)
        task.add_done_callback(lambda done: self._filled(wanted.key, done))
        return await asyncio.shield(task)

    def _filled(self, key: Key, done: asyncio.Task[Entry]) -> None:
        if (own := self._filling.get(key)) and own.task is done:
            del self._filling[key]
        if not done.cancelled():
            done.exception()  # seen here, too: its callers may all have gone away

    async def _fill_alone(self, wanted: Wanted) -> Entry:
        entry = self.entry(wanted.cache_class, wanted.depends, await wanted.fill())
        if entry.stamp >= max(0, self.stamps.needed(wanted.depends)) and entry.epoch == self.stamps.epoch:
            self.local.put(wanted.key, entry)
            if self._shared is not None:
                # The answer does not wait for L2.
                task = asyncio.ensure_future(self._share(wanted.key, entry))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
        return entry

    @staticmethod
    def entry(cache_class: CacheClass, depends: tuple[str, ...], filling: Filling) -> Entry:
        """The entry that a filling makes, with a jittered life."""
        life = LIVES[cache_class]
        fresh_until = time.time() + life.fresh_s * (1 - JITTER * random.random())
        return Entry(
            filling.body,
            filling.etag,
            cache_class=cache_class,
            depends=depends,
            epoch=filling.epoch,
            stamp=filling.stamp,
            fresh_until=fresh_until,
            stale_until=fresh_until + life.stale_s,
        )

    async def share_many(self, entries: Iterable[tuple[Key, Entry]]) -> None:
        """Put many entries into L2 at once (warming).

        Raises:
            Away: Redis did not take them.
        """
        now = time.time()
        values = {
            keys.shared_key(entry.epoch, *key): (entry.pack(), entry.stale_until - now)
            for key, entry in entries
            if entry.stamp >= self.stamps.needed(entry.depends)
        }
        if self._shared is not None and values:
            await self._shared.put_many(values)

    async def _share(self, key: Key, entry: Entry) -> None:
        assert self._shared is not None  # noqa: S101
        try:
            await self._shared.put(keys.shared_key(entry.epoch, *key), entry.pack(), entry.stale_until - time.time())
        except Away:
            return  # counted by kv; the entry lives on in L1

    async def close(self) -> None:
        """Let what is on its way to L2 arrive."""
        if self._background:
            await asyncio.wait(self._background, timeout=1.0)

    def _renew(self, wanted: Wanted) -> None:
        if wanted.key in self._filling:
            return
        task = asyncio.ensure_future(self._renew_quietly(wanted))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _renew_quietly(self, wanted: Wanted) -> None:
        try:
            await self._fill(wanted)
        except Exception as error:  # noqa: BLE001  # the caller has its answer; the failure is counted
            observe.emit(observe.Degraded("renewal", type(error).__name__))
