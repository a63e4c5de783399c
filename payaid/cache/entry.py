"""One kept answer: its bytes, what it depends on, and the position that it is sure to show."""

import struct

from payaid.cache.policy import CacheClass

# epoch, stamp, fresh until (Unix seconds), stale until, class, entity tag; then the body.
HEAD = struct.Struct(">28sqdd10s28s")
VERSION = b"2"
# What an entry costs beside its bytes: the object, its slots, its key, its place in the dictionary, its headers.
OVERHEAD = 900


class Entry:
    """A finished 200 answer. Compressed variants are made from the second hit on, once each."""

    __slots__ = (
        "body",
        "cache_class",
        "depends",
        "epoch",
        "etag",
        "fresh_until",
        "heads",
        "hits",
        "parts",
        "sound_at",
        "stale_until",
        "stamp",
        "variants",
    )

    def __init__(
        self,
        body: bytes,
        etag: bytes,
        *,
        cache_class: CacheClass,
        depends: tuple[str, ...],
        epoch: str,
        stamp: int,
        fresh_until: float,
        stale_until: float,
        parts: "tuple[Entry, ...]" = (),
    ) -> None:
        self.body = body
        self.etag = etag
        self.cache_class = cache_class
        self.depends = depends
        self.epoch = epoch
        self.stamp = stamp
        self.fresh_until = fresh_until
        self.stale_until = stale_until
        # What it was composed of: it is good while all of them are.
        self.parts = parts
        self.hits = 0
        self.sound_at = -1
        self.variants: dict[str, bytes] = {}
        # Headers that always go with the body, by coding.
        self.heads: dict[str, list[tuple[bytes, bytes]]] = {}

    @property
    def size(self) -> int:
        """Bytes that keeping it costs, about."""
        return OVERHEAD + len(self.body) + sum(map(len, self.variants.values())) + sum(map(len, self.depends))

    def pack(self) -> bytes:
        """The entry for L2. Dependencies are not packed: whoever reads it knows what it asked for."""
        head = HEAD.pack(
            self.epoch.encode(),
            self.stamp,
            self.fresh_until,
            self.stale_until,
            self.cache_class.encode(),
            self.etag,
        )
        return VERSION + head + self.body

    @classmethod
    def unpack(cls, raw: bytes, depends: tuple[str, ...]) -> "Entry | None":
        """An entry from L2; None for what this version did not write."""
        if raw[:1] != VERSION or len(raw) < 1 + HEAD.size:
            return None
        epoch, stamp, fresh_until, stale_until, cache_class, tag = HEAD.unpack_from(raw, 1)
        try:
            named, era = CacheClass(cache_class.rstrip(b"\0").decode()), epoch.rstrip(b"\0").decode()
        except ValueError:
            return None
        return cls(
            raw[1 + HEAD.size :],
            tag.rstrip(b"\0"),
            cache_class=named,
            depends=depends,
            epoch=era,
            stamp=stamp,
            fresh_until=fresh_until,
            stale_until=stale_until,
        )
