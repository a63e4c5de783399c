"""L1: never more bytes than its bound, however entries come, grow and go; and what is used stays."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from payaid.cache.entry import OVERHEAD, VERSION, Entry
from payaid.cache.local import Local
from payaid.cache.policy import CacheClass

BOUND = 100_000
KEYS = st.integers(0, 12).map(lambda number: ("t", str(number)))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 6_000)),
        st.tuples(st.just("grow"), KEYS, st.integers(0, 6_000)),
        st.tuples(st.just("use"), KEYS, st.just(0)),
        st.tuples(st.just("drop"), KEYS, st.just(0)),
    ),
    max_size=80,
)


def entry(size: int, **changed: Any) -> Entry:
    told: dict[str, Any] = {
        "cache_class": CacheClass.LIST, "depends": ("t/Contact",), "epoch": "e" * 12, "stamp": 7, "fresh_until": 1.5,
        "stale_until": 2.5,
    }  # fmt: skip
    return Entry(b"x" * size, b'"tag"', **told | changed)


@settings(max_examples=150)
@given(steps=STEPS)
def test_the_bound_holds_and_the_account_is_true(steps: list[tuple[str, tuple[str, str], int]]) -> None:
    local = Local(BOUND)
    kept: dict[tuple[str, str], Entry] = {}
    for step, key, size in steps:
        if step == "put":
            kept[key] = entry(size)
            local.put(key, kept[key])
        elif step == "grow" and (found := local.get(key)):
            found.variants["br"] = b"y" * size
            local.grown(key)
        elif step == "use" and (found := local.get(key)):
            assert found is kept[key]
            found.hits += 1
        elif step == "drop":
            local.drop(key)
        assert local.bytes <= BOUND
        assert local.bytes == sum(one.size for one in local._entries.values())


def test_what_was_not_used_goes_first() -> None:
    local = Local(BOUND)
    room = BOUND // (OVERHEAD + 4_000 + len("t/Contact"))
    for number in range(room):
        local.put(("t", str(number)), entry(4_000))
    assert local.get(("t", "0"))
    local.put(("t", "new"), entry(4_000))
    assert local.get(("t", "0"))
    assert not local.get(("t", "1"))


def test_what_would_push_out_much_is_not_kept() -> None:
    local = Local(BOUND)
    local.put(("t", "small"), entry(10))
    local.put(("t", "large"), entry(BOUND // 10))
    assert local.get(("t", "small"))
    assert not local.get(("t", "large"))


@given(
    body=st.binary(max_size=500),
    stamp=st.integers(0, 2**63 - 1),
    fresh=st.floats(0, 1e10),
    tag=st.binary(min_size=1, max_size=24),
)
def test_an_entry_comes_back_from_the_shared_layer_as_it_went(
    body: bytes, stamp: int, fresh: float, tag: bytes
) -> None:
    tag = b'"' + tag.hex().encode()[:24] + b'"'
    sent = Entry(body, tag, cache_class=CacheClass.SESSIONS, depends=("a",), epoch="0123456789ab", stamp=stamp,
                 fresh_until=fresh, stale_until=fresh + 30)  # fmt: skip
    back = Entry.unpack(sent.pack(), ("a",))
    assert back
    for name in ("body", "etag", "cache_class", "depends", "epoch", "stamp", "fresh_until", "stale_until"):
        assert getattr(back, name) == getattr(sent, name), name


@given(raw=st.binary(max_size=100) | st.binary(min_size=80, max_size=200).map(lambda raw: VERSION + raw))
def test_what_another_program_left_there_is_no_entry(raw: bytes) -> None:
    assert Entry.unpack(raw, ()) is None
