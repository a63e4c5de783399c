"""What a check's or an index's file says, laid out for a person."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from payaid.content import content
from payaidctl import probes
from payaidctl.readiness.catalogue import check as find_check
from payaidctl.readiness.check import Check, in_profile

WIDTH = 100


def explain(identifier: str) -> str:
    """The text for a check's id (`replication.standby`) or an index's name (`idx_contact_search`).

    Raises:
        UsageError: there is neither.
    """
    if path := index_file(identifier):
        return path.read_text(encoding="utf-8").rstrip()
    return "\n".join(_lines(find_check(identifier)))


def index_file(name: str) -> Path | None:
    """The file of an index of any set, with or without its set before it."""
    wanted = name.rsplit(".", 1)[-1]
    return next((path for path in sorted(content("sql/indexes").glob("*/*.sql")) if path.stem == wanted), None)


def _lines(check: Check) -> Iterator[str]:
    yield check.id
    yield check.question
    yield ""
    yield textwrap.fill(check.why, WIDTH)
    yield ""
    yield from _row("looks at", f"{check.probe}: {_about(check.probe)}")
    for name, value in check.arguments.items():
        yield from _row(name, value)
    if writes := probes.probe(check.probe).WRITES:
        yield from _row("writes", writes)
    for number, expectation in enumerate(check.expect):
        yield from _row("" if number else "expects", _wanted(expectation.value, expectation, check))
    if check.when:
        yield from _row("skipped", f"{check.when.otherwise}, unless {check.when.expectation.says(check.profiles[0])}")
    if check.evidence:
        yield from _row("evidence", f"at most {check.evidence.total_seconds() / 3600:g} h old")
    yield from _row("counts", f"weight {check.weight}, {check.severity.value}, profiles {', '.join(check.profiles)}")
    if check.item:
        yield from _row("answers", f"item {check.item} of the checklist")
    yield from _row("fix", in_profile(check.fix, check.profiles[-1]))
    if check.docs:
        yield from _row("docs", check.docs)
    yield from _row("file", check.where)


def _wanted(value: Any, expectation: Any, check: Check) -> str:
    if not isinstance(value, Mapping):
        return str(expectation.says(check.profiles[0]))
    return "; ".join(f"{profile}: {expectation.says(profile)}" for profile in check.profiles)


def _about(probe: str) -> str:
    return (probes.probe(probe).__doc__ or "").splitlines()[0].rstrip(".")


def _row(name: str, value: Any) -> Iterator[str]:
    first, *rest = str(value).rstrip().splitlines() or [""]
    yield f"{name:<10} {first}"
    for line in rest:
        yield f"{'':<10} {line}"
