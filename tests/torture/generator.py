"""Seeded: which tenant, which row, what is done to it, what is read, with whose token. The same seed, the same dice."""

import asyncio
from collections import deque
from collections.abc import Iterator
from random import Random

from payaid.resources.crm.deals import PROBABILITY
from tests.torture.history import Kind, Write

STAGES = tuple(PROBABILITY)
# A tenant has so many rows at least and at most: all of them fit into one page of 200, where none may be absent.
ROWS, MOST_ROWS = 12, 120
# A word that all rows of all tenants share, so that a search would find foreign ones if it could.
WORD = "torture"
READS = {Kind.DETAIL: 40, Kind.FACET: 20, Kind.LIST: 14, Kind.STATS: 14, Kind.SEARCH: 7, Kind.FOREIGN: 5}
CHANGES = {"update": 76, "create": 8, "delete": 6, "bulk": 5, "rollback": 5}


class Row:
    """One deal. Whoever holds `lock` is its only writer; in doubt, nobody is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = ""
        self.lock = asyncio.Lock()
        self.doubt_since: float | None = None


class Tenant:
    """One organisation: its mark stands in each of its rows, and is its name in the history."""

    def __init__(self, mark: str, id_: str, token: str) -> None:
        self.mark = mark
        self.id = id_
        self.token = token
        self.rows: dict[str, Row] = {}
        self.stamps: deque[Write] = deque(maxlen=6)
        self._version = self._serial = 0

    def version(self) -> int:
        """The next version: it grows within the tenant, so within each row."""
        self._version += 1
        return self._version

    def fresh_row(self) -> Row:
        """A row that is yet to be made."""
        self._serial += 1
        return Row(f"r{self._serial}")

    def full_name(self, row: Row) -> str:
        """What stands in the row's name: the shared word, the tenant's mark, the row."""
        return f"{WORD} {self.mark} {row.name}"


class Dice:
    """One client's choices."""

    def __init__(self, seed: int, client: str) -> None:
        self.random = Random(f"{seed}/{client}")

    def kind(self) -> Kind:
        """What to read."""
        return self.random.choices(list(READS), list(READS.values()))[0]

    def change(self, tenant: Tenant) -> str:
        """What to do to a row."""
        change = self.random.choices(list(CHANGES), list(CHANGES.values()))[0]
        return "delete" if change == "create" and len(tenant.rows) >= MOST_ROWS else change

    def stage(self) -> str:
        """A facet's value."""
        return self.random.choice(STAGES)

    def tenant(self, tenants: list[Tenant]) -> Tenant:
        """Some tenant; the first is the busiest."""
        return self.random.choice([tenants[0], *tenants])

    def row(self, tenant: Tenant, *, writable: bool) -> Row | None:
        """Some row; to be written: one that nobody else writes, and whose truth is known."""
        rows = [one for one in tenant.rows.values() if one.id or not writable]
        if writable:
            rows = [one for one in rows if not one.lock.locked() and one.doubt_since is None]
        else:
            rows = [one for one in rows if one.id]
        return self.random.choice(rows) if rows else None

    def several(self, tenant: Tenant) -> list[Row]:
        """Most of the rows that nobody writes: more than a notice would name, where there are so many."""
        rows = [one for one in tenant.rows.values() if one.id and not one.lock.locked() and one.doubt_since is None]
        return self.random.sample(rows, k=len(rows) * 3 // 4)

    def shown(self, tenant: Tenant) -> Write | None:
        """The write whose token to show: often the newest, sometimes an older one, mostly none."""
        roll = self.random.random()
        if not tenant.stamps or roll < 0.55:
            return None
        return tenant.stamps[-1] if roll < 0.9 else self.random.choice(tenant.stamps)

    def pause(self, mean_s: float) -> float:
        """Seconds until the next step."""
        return min(self.random.expovariate(1 / mean_s), 10 * mean_s)

    def schedule(self, names: list[str]) -> Iterator[str]:
        """Faults for ever: each once in some order, then again in another."""
        while True:
            yield from self.random.sample(names, k=len(names))
