"""Thresholds are understood or refused before anything is sent."""

from pathlib import Path

import pytest

from payaidctl.errors import UsageError
from payaidctl.load import profile
from payaidctl.load.threshold import parse
from payaidctl.load.units import quantity, show, span

NAMES, CLASSES = ["contacts list", "login"], ["list", "login"]


@pytest.mark.parametrize(
    ("text", "key", "bound"),
    [
        ("p95 < 500 ms", "p95", 500.0),
        ("p99.9 <= 2 s", "p99.9", 2000.0),
        ("errors < 0.1 %", "errors", 0.1),
        ("throughput > 900 /s", "throughput", 900.0),
        ("p95-raw[contacts list] < 80 ms", "p95-raw[contacts list]", 80.0),
        ("hit-rate[class list] > 70 %", "hit-rate[class list]", 70.0),
        ("replica-lag < 16 MiB", "replica-lag", 16 * 1024.0**2),
        ("users >= 10,000", "users", 10_000.0),
    ],
)
def test_what_is_meant(text: str, key: str, bound: float) -> None:
    threshold = parse(text, NAMES, CLASSES)
    assert (threshold.key, threshold.bound) == (key, bound)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("p59 < 500 ms", "no metric; did you mean `p99`"),
        ("hitrate > 70 %", "did you mean `hit-rate`"),
        ("p95 < 500 %", "not a quantity such as `500 ms`"),
        ("p95 < 500", "not a quantity such as `500 ms`"),
        ("p95 = 500 ms", "is not `metric < bound unit`"),
        ("p95[contats list] < 1 s", "did you mean `contacts list`"),
        ("users[login] > 1", "cannot be asked of `login`"),
        ("errors < 5 % for 10 s", "belongs to abort conditions"),
        ("p95 < soon", "no quantity"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("[", r"\[")):
        parse(text, NAMES, CLASSES)


def test_an_abort_condition_has_a_grace_time() -> None:
    assert parse("errors > 20 % for 15 s", NAMES, CLASSES, abort=True).grace_s == 15


@pytest.mark.parametrize("name", ["smoke", "1k", "5k", "10k"])
def test_the_shipped_profiles_are_whole(name: str) -> None:
    found = profile.load(name)
    assert found.users == {"smoke": 20, "1k": 1_000, "5k": 5_000, "10k": 10_000}[name]
    assert sum(profile.shares(found.users, found.mix).values()) == found.users
    assert found.logins * 60 <= 10  # the service's own limit per address


@pytest.mark.parametrize(
    ("line", "replaced", "why"),
    [
        ("users: 20", "users: lots", r"bad\.yaml:4: users: `lots`"),
        ("think: 2-4 s", "think: 4-2 s", "smaller to a larger"),
        ("ramp: 20 /s", "ramp: 900 /s", "connecting itself"),
        ("settle: 2 s", "setle: 2 s", r"bad\.yaml:6: `setle` means nothing"),
        ("  mobile: 20 %", "  mobile: 21 %", "add up to 101 %"),
        ("timeout: 10 s", "", "`timeout` is missing"),
    ],
)
def test_a_wrong_profile_names_file_and_line(tmp_path: Path, line: str, replaced: str, why: str) -> None:
    text = profile.available()["smoke"].read_text(encoding="utf-8")
    assert line in text
    path = tmp_path / "bad.yaml"
    path.write_text(text.replace(line, replaced), encoding="utf-8")
    with pytest.raises(UsageError, match=why):
        profile.load(str(path))


def test_quantities() -> None:
    assert quantity("2 s", "ms") == 2000
    assert quantity("6 /min", "/s") == pytest.approx(0.1)
    assert span("5-15 s") == (5, 15)
    assert show(12345, "ms") == "12.35 s"
    assert show(0.05, "%") == "0.050 %"
    assert show(3 * 1024**2, "B") == "3.0 MiB"
