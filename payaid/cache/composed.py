"""An answer of parts: each part is kept by itself, and a change makes only the parts that it touched be read again.

The whole is kept in L1 as well, as long as each of its parts holds; L2 has the parts.
"""

import asyncio
from collections.abc import Callable, Sequence

from payaid.cache.entry import Entry
from payaid.cache.local import Key
from payaid.cache.store import Store, Wanted

# What the whole is called: after the part that came from furthest away.
FURTHEST = ("hit_l1", "stale", "hit_l2", "miss")


async def read_composed(
    store: Store, key: Key, parts: Sequence[Wanted], join: Callable[[list[bytes]], tuple[bytes, bytes]]
) -> tuple[Entry, str]:
    """The whole, and where its furthest part came from; `join` makes body and entity tag of the parts' bodies.

    Raises:
        PayaidError: whatever a part's filler raises; then nothing is kept of the whole.
    """
    read = await asyncio.gather(*(store.read(part) for part in parts))
    entries = tuple(entry for entry, _ in read)
    body, etag = join([entry.body for entry in entries])
    whole = Entry(
        body,
        etag,
        cache_class=parts[0].cache_class,
        depends=(),
        epoch=entries[0].epoch,
        # A caller who shows a write is answered by it only if every part covers that write.
        stamp=min(entry.stamp for entry in entries),
        fresh_until=min(entry.fresh_until for entry in entries),
        stale_until=0.0,
        parts=entries,
    )
    if all(entry.stamp >= 0 for entry in entries) and store.good(whole):
        store.local.put(key, whole)
    return whole, max((result for _, result in read), key=FURTHEST.index)
