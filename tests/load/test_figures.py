"""Percentiles, corrected and raw, against figures worked out by hand or in the naive way."""

import random

from hypothesis import given
from hypothesis import strategies as st

from payaidctl.load.quantile import SHARES, Latency, corrected, histogram, noise, quantile, raw
from payaidctl.load.sample import RECORD, Sample, Wrong, pack, unpack

SECOND = 1_000_000


def sample(intended: int = 0, late: int = 0, took: int = 1000, **more: int) -> Sample:
    values = {"overslept": 0, "name": 0, "status": 200, "tenant": 0, "wrong": 0, "cache": 0} | more
    return Sample(intended=intended, late=late, took=took, **values)


def test_percentiles_agree_with_a_naive_computation_within_half_a_percent() -> None:
    generator = random.Random(11)
    values = [int(generator.lognormvariate(9, 0.8)) for _ in range(50_000)]
    latency = Latency.of(sorted(values))
    for name, share in SHARES.items():
        # Counting, without sorting or ranks: the value that this share of the samples stays under.
        low, high = min(values), max(values)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if sum(v <= middle for v in values) >= share * len(values) else (middle, high)
        assert abs(latency.values[name] - high / 1000) <= 0.005 * high / 1000


@given(st.lists(st.integers(1, 10**7), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_a_value_that_was_seen_and_covers_its_share(values: list[int], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_a_stall_of_two_seconds_by_hand() -> None:
    """One user, a request every 100 ms of 10 ms each, for 10 s; at 5 s the server stops for 2 s.

    Raw: 99 requests of 10 ms and one of 2,010 ms. Corrected: the request of the stall waits 2,010 ms; the next was
    due 100 ms later and ends at 7.020, that is 1,920 ms after its time; each following one catches up 90 ms, until
    0 is left after 22 of them.
    """
    samples, free_at = [], 0
    for number in range(100):
        due = number * 100_000
        start = max(due, free_at)
        took = 10_000 + (2 * SECOND if number == 50 else 0)
        free_at = start + took
        samples.append(sample(due, start - due, took))
    assert raw(samples) == [10_000] * 99 + [2_010_000]
    delays = [2_010_000 - 90_000 * step for step in range(23)]
    assert corrected(samples) == sorted([10_000] * 77 + delays)
    assert Latency.of(raw(samples)).values["p95"] == 10.0
    assert Latency.of(raw(samples)).values["p99"] == 10.0
    assert Latency.of(corrected(samples)).values["p95"] == 1560.0  # five of a hundred are larger: 2010 - 5 x 90
    assert Latency.of(corrected(samples)).values["p90"] == 1110.0  # 2010 - 10 x 90


def test_a_turn_that_never_came_counts_as_waiting_but_not_as_an_answer() -> None:
    samples = [sample(took=1000), sample(late=3 * SECOND, took=0, wrong=Wrong.UNSENT, status=0)]
    assert raw(samples) == [1000]
    assert corrected(samples) == [1000, 3 * SECOND]


@given(st.lists(st.tuples(st.integers(0, 2**60), *[st.integers(0, 2**40)] * 3), max_size=50))
def test_samples_survive_their_file(rows: list[tuple[int, int, int, int]]) -> None:
    data = b"".join(pack(*row, 7, 200, 3, Wrong.NOTHING, 1) for row in rows)
    read = list(unpack(data + b"torn"))
    assert [(one.intended, one.name, one.status) for one in read] == [(row[0], 7, 200) for row in rows]
    assert [one.took for one in read] == [min(row[3], 0xFFFFFFFF) for row in rows]
    assert len(data) == RECORD.size * len(rows)


@given(st.lists(st.integers(1, 10**8), min_size=1))
def test_a_histogram_loses_nobody(values: list[int]) -> None:
    bins = histogram(sorted(values))
    assert sum(count for _, _, count in bins) == len(values)
    assert bins[0][0] * 1000 <= min(values) * 1.0001
    assert bins[-1][1] * 1000 >= max(values) * 0.9999


def test_noise_is_that_of_blocks_and_unknown_below_three() -> None:
    steady = [sample(second * SECOND, took=5000) for second in range(60)]
    assert noise(steady, 0, lambda block: block[0].took / 1000) == 0
    assert noise(steady[:20], 0, lambda block: block[0].took / 1000) is None
    waving = [sample(second * SECOND, took=4000 + 2000 * (second // 10 % 2)) for second in range(60)]
    found = noise(waving, 0, lambda block: block[0].took / 1000)
    assert found is not None
    assert abs(found - 2.57 * (1.2**0.5) / 6**0.5) < 0.01  # six blocks of 4 and 6 ms in turn
