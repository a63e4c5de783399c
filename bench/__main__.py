"""`make bench`: what the request path costs, as ratios; a table on the terminal, JSON in .payaid/bench."""

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from bench.raw import pages_per_second
from bench.servers import Answer, Server, bare, payaid
from bench.world import TENANTS, World, sampled, world
from bench.wrk import Shot, needs_wrk, pairs, rate
from payaidctl.target import state_dir

# A page of about 8 KB, the size that the goals name; and one of 50 rows.
SMALL, LARGE = "/api/v1/contacts?limit=20", "/api/v1/contacts?limit=50"
ITEM = "/api/v1/contacts/c-#-1"
# What people's browsers and phones are sent, with people's own names and amounts in it.
PAGES = {
    "50 contacts": LARGE, "200 contacts, 2 columns": "/api/v1/contacts?limit=200&fields=name,email",
    "50 deals": "/api/v1/deals", "50 invoices": "/api/v1/invoices", "OpenAPI": "/openapi.json", "reference": "/docs",
}  # fmt: skip
CREATE = Shot("/api/v1/tasks", "POST", json.dumps({"title": "Call back"}))
BATCH = Shot("/api/v1/batch", "POST", json.dumps({"requests": [{"path": f"{SMALL}&page={n}"} for n in (1, 2, 3)] * 3
                                                  + [{"path": "/api/v1/dashboard/stats"}]}))  # fmt: skip
MIB = 2**20
# Eighty columns hold it: a figure that is cut off is none.
STYLE: dict[str, Any] = {"box": box.SIMPLE_HEAD, "pad_edge": False, "padding": 0}
# Long enough for every token to have been seen: the first requests of each are misses.
WARM_UP_S = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; `goal` is the ratio that the specification asks for, None: told, not asked for."""

    name: str
    ours: float
    against: str
    theirs: float
    ratio: float
    goal: float | None

    @property
    def verdict(self) -> str:
        """Met, missed, or nothing asked."""
        return "" if self.goal is None else "met" if self.ratio >= self.goal else "missed"


def cached(place: World, rounds: int, seconds: int) -> Iterator[Row]:
    """L1 and L2 hits beside the bare server that sends the same bytes."""
    with payaid(place.env, WORKERS="1") as ours:
        rate(ours.url, Shot(SMALL), place.token_file, WARM_UP_S)
        answer = _answer(ours, place, SMALL)
        # Ours tells a caller its budget, and tags, names and guards what it sends (twelve headers more than it needs),
        # and its tenants have a page each.
        for against, sent, goal in (("bare, same", answer, 0.7), ("bare, body only", answer.plain(), None)):
            with bare(sent) as theirs:
                mine, other, ratio = pairs(ours.url, theirs.url, Shot(SMALL), place.token_file, rounds, seconds)
                yield Row("cached, 8 KB, L1", mine, against, other, ratio, goal)
    # An L1 of 1 MiB holds a tenth of what is asked in turns: every answer comes from Redis.
    with (
        payaid(place.env, WORKERS="1", CACHE_L1_BYTES=str(MIB)) as ours,
        bare(_answer(ours, place, SMALL)) as theirs,
    ):
        rate(ours.url, Shot(SMALL), place.token_file, WARM_UP_S)
        mine, other, ratio = pairs(ours.url, theirs.url, Shot(SMALL), place.token_file, rounds, seconds)
        yield Row("cached, 8 KB, L2", mine, "bare, same", other, ratio, 0.2)


def uncached(place: World, rounds: int, seconds: int) -> Iterator[Row]:
    """Reads that go to the database every time, beside psycopg alone; and what writes and batches cost."""
    with payaid(place.env, WORKERS="2", CACHE="false", RATE_LIMITS="false") as ours:
        ratios, mine, other = [], 0.0, 0.0
        for _ in range(rounds):
            other = pages_per_second(place.env["DATABASE_READ_URL"], f"GET {LARGE}", TENANTS, seconds)
            mine = rate(ours.url, Shot(LARGE), place.token_file, seconds, connections=16)
            ratios.append(mine / other)
        yield Row("uncached list of 50", mine, "psycopg alone", other, sorted(ratios)[len(ratios) // 2], 0.5)
        with bare(_answer(ours, place, LARGE)) as theirs:
            for name, shot in (("uncached read by id", Shot(ITEM)), ("create a task", CREATE)):
                mine, other, ratio = pairs(ours.url, theirs.url, shot, place.token_file, rounds, seconds)
                yield Row(name, mine, "bare, same", other, ratio, None)
    with (
        payaid(place.env, WORKERS="2", RATE_LIMITS="false") as ours,
        bare(_answer(ours, place, LARGE)) as theirs,
    ):
        rate(ours.url, BATCH, place.token_file, seconds)
        mine, other, ratio = pairs(ours.url, theirs.url, BATCH, place.token_file, rounds, seconds)
        yield Row("batch of 10, cached", mine, "bare, same", other, ratio, None)


def facts(place: World, seconds: int) -> dict[str, Any]:
    """What is no ratio: seconds to the first ready answer, memory of a worker, what compression saves on pages."""
    reader = sampled(place)
    with payaid(place.env, WORKERS="1") as server:
        started = server.worker_bytes()
        rate(server.url, Shot(SMALL), place.token_file, seconds)
        return {
            "startup_s": round(server.startup_s, 2),
            "worker_MiB": round(started / MIB, 1),
            "loaded_worker_MiB": round(server.worker_bytes() / MIB, 1),
            "pages": [asdict(_page(server, reader, name, path)) for name, path in PAGES.items()],
        }


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the API as it travels; the share that a coding saves, in percent."""

    name: str
    bytes: int
    gzip_saved: float
    br_saved: float


def _page(server: Server, reader: str, name: str, path: str) -> Page:
    plain, gzip, brotli = (_size(server, reader, path, coding) for coding in ("identity", "gzip", "br"))
    return Page(name, plain, round(100 * (1 - gzip / plain), 1), round(100 * (1 - brotli / plain), 1))


def _answer(server: Server, place: World, path: str) -> Answer:
    headers = {"authorization": f"Bearer {place.tokens[0]}", "accept-encoding": "identity"}
    answer = httpx.get(f"{server.url}{path}", headers=headers).raise_for_status()
    # Granian adds these two by itself.
    sent = [(name, value) for name, value in answer.headers.multi_items() if name not in {"date", "server"}]
    return Answer(sent, len(answer.content), TENANTS)


def _size(server: Server, reader: str, path: str, coding: str = "identity") -> int:
    headers = {"authorization": f"Bearer {reader}", "accept-encoding": coding}
    with httpx.Client() as client, client.stream("GET", f"{server.url}{path}", headers=headers) as answer:
        answer.raise_for_status()
        return sum(map(len, answer.iter_raw()))


def _saved(pages: list[dict[str, Any]]) -> Table:
    table = Table(title="compression", caption="share of the bytes that is not sent", **STYLE)
    table.add_column("page", no_wrap=True)
    for name in ("bytes", "gzip", "brotli"):
        table.add_column(name, justify="right", no_wrap=True)
    for page in pages:
        table.add_row(page["name"], f"{page['bytes']:,}", f"{page['gzip_saved']:.1f} %", f"{page['br_saved']:.1f} %")
    return table


def main() -> None:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved pairs a measurement")
    parser.add_argument("--seconds", type=int, default=3, help="length of one round")
    asked = parser.parse_args()
    needs_wrk()
    console = Console(stderr=True)
    table = Table(
        title="payaid, side by side",
        caption="requests a second (this machine's); medians of interleaved pairs",
        **STYLE,
    )
    for name in ("what", "ours", "against", "theirs", "ratio", "goal", ""):
        table.add_column(name, justify="left" if name in {"what", "against", ""} else "right", no_wrap=True)
    rows = []
    with console.status("starting a stack of its own") as status, world() as place:
        for measure in (cached, uncached):
            for row in measure(place, asked.rounds, asked.seconds):
                rows.append(row)
                status.update(f"{row.name}: {row.ratio:.2f}")
                goal = "" if row.goal is None else f"{row.goal:.2f}"
                figures = (f"{row.ours:,.0f}", row.against, f"{row.theirs:,.0f}", f"{row.ratio:.2f}")
                table.add_row(row.name, *figures, goal, row.verdict)
        told = facts(place, asked.seconds)
    out = Console()
    out.print(table)
    out.print(_saved(told["pages"]))
    out.print(
        f"ready after {told['startup_s']} s; a worker has {told['worker_MiB']} MiB then, "
        f"{told['loaded_worker_MiB']} MiB after {asked.seconds} s of load"
    )
    folder = state_dir() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    kept = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    load = psutil.getloadavg()[0]
    machine = {"cores": psutil.cpu_count(), "python": platform.python_version(), "load": load}
    whole = {"at": now.isoformat(), "machine": machine, "rows": [asdict(row) for row in rows], "facts": told}
    kept.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    console.print(f"kept in {kept}")


if __name__ == "__main__":
    main()
