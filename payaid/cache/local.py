"""L1: entries of this process, bounded in bytes; the least recently used go first."""

from payaid.cache.entry import Entry

Key = tuple[str, str]


class Local:
    """(tenant, request) -> entry. Dictionaries keep their order, so the oldest use is always first."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.bytes = 0
        self._entries: dict[Key, Entry] = {}
        self._sizes: dict[Key, int] = {}

    def __len__(self) -> int:
        """How many entries are kept."""
        return len(self._entries)

    def get(self, key: Key) -> Entry | None:
        """The entry, which becomes the most recently used."""
        entry = self._entries.get(key)
        if entry is not None and entry.hits & 7 == 0:
            # Moving an entry to the end at every eighth hit keeps the order good enough, and the hit cheap.
            del self._entries[key]
            self._entries[key] = entry
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry; what is larger than a twentieth of the bound is not worth what it displaces."""
        self.drop(key)
        size = entry.size
        if size > self.bound // 20:
            return
        self._entries[key], self._sizes[key] = entry, size
        self.bytes += size
        self._shrink()

    def grown(self, key: Key) -> None:
        """An entry got a compressed variant: account for it."""
        if key in self._entries:
            self.bytes += self._entries[key].size - self._sizes[key]
            self._sizes[key] = self._entries[key].size
            self._shrink()

    def _shrink(self) -> None:
        while self.bytes > self.bound:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Key) -> None:
        """Forget one entry."""
        if key in self._entries:
            del self._entries[key]
            self.bytes -= self._sizes.pop(key)

    def clear(self) -> None:
        """Forget everything (a new epoch)."""
        self._entries.clear()
        self._sizes.clear()
        self.bytes = 0
