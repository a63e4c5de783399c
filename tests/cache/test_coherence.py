"""The cache through the front door: what is hit, what is not any more, how soon, and in how many bytes."""

import gzip
import random
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import pytest

from payaid.db.identity import Mark
from payaid.stamp_token import StampTokens
from tests.eventually import eventually
from tests.fixtures.api import Api, Person, plain

# Those who show no stamp see a write within this.
OTHERS_S = 1.0
STAMP = "x-payaid-stamp"
WORDS = (
    "Sharma",
    "Patel",
    "Reddy",
    "Iyer",
    "Khan",
    "Desai",
    "Nair",
    "Bose",
    "Mehta",
    "Joshi",
    "Pune",
    "Nagpur",
    "Kochi",
    "Surat",
    "Indore",
    "Mysuru",
    "Thane",
)


def status(answer: httpx.Response) -> str:
    assert answer.status_code in {200, 304}, answer.text
    return answer.headers["cache-status"]


def is_hit(answer: httpx.Response) -> bool:
    return "; hit" in status(answer)


def warm(api: Api, person: Person, *paths: str) -> None:
    """Read until both workers answer from what they keep."""
    for path in paths:
        for one in api.at_each_worker(person):
            eventually(lambda one=one, path=path: is_hit(one.get(path)), f"{path} is kept")  # type: ignore[misc]


def fresh_at_all(api: Api, person: Person, path: str, shows: Callable[[Any], bool], within_s: float = OTHERS_S) -> None:
    for one in api.at_each_worker(person):
        eventually(lambda one=one: shows(plain(one.get(path))), f"{path} shows the change", within_s)  # type: ignore[misc]


@pytest.fixture(scope="module")
def big(api: Api) -> Person:
    """A tenant with a page of contacts as they really are: a real name, an address, and no two alike."""
    person, dice = api.owner(), random.Random(7)
    rows = [
        {
            "name": f"{dice.choice(WORDS)} {dice.choice(WORDS)}",
            "email": f"{dice.choice(WORDS).lower()}{n}@example.in",
            "phone": f"+91 {dice.randrange(6 * 10**9, 10**10)}", "company": f"{dice.choice(WORDS)} Traders",
            "city": dice.choice(WORDS), "state": "Maharashtra", "leadScore": dice.randrange(100),
        }
        for n in range(60)
    ]  # fmt: skip
    assert person.tenant
    person.tenant.insert("Contact", rows)
    return person


# -- hits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/contacts",
        "/api/v1/contacts?status=active&limit=5",
        "/api/v1/dashboard/stats",
        "/api/v1/dashboard/stats?scope=me",
        "/api/v1/contacts?q=sharma",
    ],
)
def test_a_second_read_is_a_hit_and_the_same(api: Api, big: Person, path: str) -> None:
    for one in api.at_each_worker(big):
        first = one.get(path)
        eventually(lambda one=one: status(one.get(path)) == "payaid-l1; hit", "it is kept in process")  # type: ignore[misc]
        assert one.get(path).content == first.content


def test_what_one_worker_filled_the_other_takes_from_the_shared_layer(api: Api, big: Person) -> None:
    first, second = api.at_each_worker(big)
    # The answer does not wait for the shared layer, so the first ones may be too quick for it.
    for limit in range(20, 60):
        path = f"/api/v1/contacts?limit={limit}"
        assert status(first.get(path)) == "payaid; fwd=miss"
        answer = second.get(path)
        assert plain(answer) == plain(first.get(path))
        if status(answer) == "payaid-l2; hit":
            return
    raise AssertionError("of forty entries none came from the shared layer")


def test_spelling_does_not_matter(api: Api, big: Person) -> None:
    warm(api, big, "/api/v1/contacts?status=active,lost&limit=9&sort=-createdAt")
    for spelling in (
        "limit=9&status=lost,active",
        "status=active%2Clost&limit=9",
        "sort=-createdAt&limit=9&status=lost,active",
    ):
        assert is_hit(big.get(f"/api/v1/contacts?{spelling}"))


def test_errors_are_never_kept(api: Api) -> None:
    person = api.owner()
    for path, code in (("/api/v1/contacts/none", 404), ("/api/v1/contacts?limit=0", 400), ("/api/v1/hr/none", 404)):
        for _ in range(3):
            answer = person.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (code, "no-store")
            assert "hit" not in answer.headers.get("cache-status", "")
    api.insert("Contact", [{"id": f"late-{person.id}", "name": "x", "tenantId": person.tenant and person.tenant.id}])
    fresh_at_all(api, person, "/api/v1/contacts?limit=1", lambda page: len(page["data"]) == 1)
    assert person.get(f"/api/v1/contacts/late-{person.id}").status_code == 200


def test_answers_are_private_and_name_who_answered(api: Api, big: Person) -> None:
    for one, name in zip(api.at_each_worker(big), api.workers(), strict=True):
        for _ in range(2):
            answer = one.get("/api/v1/contacts?limit=3")
            assert answer.headers["x-instance"] == name
            assert answer.headers["cache-control"] == "private, no-cache"
            assert answer.headers["vary"] == "authorization, accept-encoding"


# -- coherence ------------------------------------------------------------------------------------------------


def test_a_writer_sees_its_own_write_at_once_from_either_worker(api: Api) -> None:
    person = api.owner()
    row = person.made("/api/v1/contacts", {"name": "0"})
    detail, listed, stats = f"/api/v1/contacts/{row['id']}", "/api/v1/contacts?limit=9", "/api/v1/dashboard/stats"
    for turn in range(1, 16):
        warm(api, person, detail, listed)
        writer = api.at_each_worker(person)[turn % 2]
        written = writer.patch(detail, {"name": str(turn), "stage": ("prospect", "customer")[turn % 2]})
        stamp = {"x-payaid-stamp": written.headers["x-payaid-stamp"]}
        for reader in api.at_each_worker(person):
            assert plain(reader.get(detail, stamp)) == plain(written)
            assert plain(reader.get(listed, stamp))["data"][0]["name"] == str(turn)
            assert plain(reader.get(stats, stamp))["contacts"]["leads"] == (turn + 1) % 2


def test_a_write_of_an_epoch_that_a_worker_has_not_heard_of_is_shown_all_the_same(api: Api) -> None:
    """After a failover one worker hears of the new primary first; its sibling must not answer from before it."""
    person = api.owner()
    warm(api, person, "/api/v1/deals")
    token = person.post("/api/v1/deals", {"name": "The first of the new primary", "value": "1.00"}).headers[STAMP]
    epoch, position, _ = token.split(".")
    started = int(epoch[-14:], 16)
    tokens = StampTokens(api.env["JWT_SECRET"], lambda: "")
    later, earlier = (
        tokens.seal(Mark(f"{epoch[:-14]}{at:014x}", int(position, 16))) for at in (started + 1, started - 1)
    )
    warm(api, person, "/api/v1/deals")
    for one in api.at_each_worker(person):
        assert not is_hit(one.get("/api/v1/deals", {STAMP: later})), "the primary was asked"
        assert is_hit(one.get("/api/v1/deals", {STAMP: earlier})), "nothing of an old primary is to be waited for"


def test_what_is_made_and_deleted_is_there_and_gone_at_once(api: Api) -> None:
    person = api.owner()
    for turn in range(8):
        writer, reader = api.at_each_worker(person)[:: 1 if turn % 2 else -1]
        made = writer.post("/api/v1/deals", {"name": "x", "value": turn})
        stamp = {"x-payaid-stamp": made.headers["x-payaid-stamp"]}
        assert plain(reader.get(made.headers["location"], stamp))["value"] == turn
        assert len(plain(reader.get("/api/v1/deals", stamp))["data"]) == 1
        gone = writer.delete(made.headers["location"])
        stamp = {"x-payaid-stamp": gone.headers["x-payaid-stamp"]}
        assert reader.get(made.headers["location"], stamp).status_code == 404
        assert plain(reader.get("/api/v1/deals", stamp))["data"] == []


def test_others_see_a_write_within_a_second(api: Api) -> None:
    person = api.owner()
    row = person.made("/api/v1/tasks", {"title": "0"})
    detail = f"/api/v1/tasks/{row['id']}"
    for turn in range(1, 6):
        warm(api, person, detail, "/api/v1/tasks")
        person.patch(detail, {"title": str(turn)})
        fresh_at_all(api, person, detail, lambda found, turn=turn: found["title"] == str(turn))  # type: ignore[misc]
        fresh_at_all(api, person, "/api/v1/tasks", lambda page, turn=turn: page["data"][0]["title"] == str(turn))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "path", "shows"),
    [
        ("""UPDATE "Contact" SET name = 'by psql' WHERE "tenantId" = %s""", "/api/v1/contacts",
         lambda page: {row["name"] for row in page["data"]} == {"by psql"}),
        ("""UPDATE "Contact" SET status = 'lost' WHERE "tenantId" = %s AND name < 'n010'""",
         "/api/v1/contacts?status=lost", lambda page: len(page["data"]) == 10),
        ("""INSERT INTO "Deal" (name, value, stage, "tenantId") SELECT 'x', 5, 'won', %s FROM generate_series(1, 30)""",
         "/api/v1/dashboard/stats", lambda blocks: blocks["deals"]["won"] == 30),
        ("""DELETE FROM "Contact" WHERE "tenantId" = %s""", "/api/v1/contacts", lambda page: page["data"] == []),
        ("""TRUNCATE "Task" -- %s""", "/api/v1/tasks", lambda page: page["data"] == []),
        ("""UPDATE "Contact" SET name = name || '!' WHERE "tenantId" = %s""", "/api/v1/contacts/{row}",
         lambda row: row["name"].endswith("!")),
    ],
    ids=["all rows", "into a facet", "many rows", "deleted", "truncated", "too many to name"],
)  # fmt: skip
def test_what_another_program_writes_counts_within_a_second(
    api: Api, change: str, path: str, shows: Callable[[Any], bool]
) -> None:
    person = api.owner()
    tenant = person.tenant
    assert tenant
    tenant.insert("Contact", [{"id": f"{tenant.id}-{n}", "name": f"n{n:03d}", "status": "active"} for n in range(40)])
    tenant.insert("Task", [{"title": "x"}])
    path = path.format(row=f"{tenant.id}-7")
    warm(api, person, path)
    assert not shows(plain(person.get(path)))
    api.owner_sql(change.replace("%s", f"'{tenant.id}'"))
    fresh_at_all(api, person, path, shows)


def test_what_goes_with_a_deleted_row_is_gone_too(api: Api) -> None:
    """The tasks of a contact go by the database's own rule, which the service never sees but in the notices."""
    person = api.owner()
    contact = person.made("/api/v1/contacts", {"name": "x"})
    deal = person.made("/api/v1/deals", {"name": "x", "value": 1, "contactId": contact["id"]})
    person.made("/api/v1/tasks", {"title": "x", "contactId": contact["id"]})
    warm(api, person, "/api/v1/tasks", f"/api/v1/deals/{deal['id']}")
    person.delete(f"/api/v1/contacts/{contact['id']}")
    fresh_at_all(api, person, "/api/v1/tasks", lambda page: page["data"] == [])
    fresh_at_all(api, person, f"/api/v1/deals/{deal['id']}", lambda row: row["contactId"] is None)


def test_a_change_leaves_what_it_does_not_touch(api: Api) -> None:
    person = api.owner()
    for status_ in ("active", "lost"):
        person.made("/api/v1/contacts", {"name": status_, "status": status_})
    other = person.made("/api/v1/contacts", {"name": "other"})
    kept = (
        "/api/v1/contacts?status=lost",
        f"/api/v1/contacts/{other['id']}",
        "/api/v1/deals",
        "/api/v1/deals?stage=won",
    )
    touched = ("/api/v1/contacts?status=active", "/api/v1/contacts", "/api/v1/dashboard/stats")
    warm(api, person, *kept, *touched)
    new = person.made("/api/v1/contacts", {"name": "new", "status": "active"})
    fresh_at_all(api, person, "/api/v1/contacts?status=active", lambda page: page["data"][0]["id"] == new["id"])
    for one in api.at_each_worker(person):
        for path in kept:
            assert is_hit(one.get(path)), path


def test_one_tenants_writes_leave_anothers_hits(api: Api) -> None:
    busy, quiet = api.owner(), api.owner()
    warm(api, quiet, "/api/v1/contacts", "/api/v1/dashboard/stats")
    for n in range(10):
        busy.made("/api/v1/contacts", {"name": str(n)})
        for one in api.at_each_worker(quiet):
            assert is_hit(one.get("/api/v1/contacts"))
            assert is_hit(one.get("/api/v1/dashboard/stats"))


def test_readers_beside_a_writer_never_go_back_in_time(api: Api) -> None:
    """Each reader's view only moves forward on one connection, and ends at the last write."""
    person = api.owner()
    row = person.made("/api/v1/deals", {"name": "x", "value": 0})
    path = f"/api/v1/deals/{row['id']}"
    pinned = api.at_each_worker(person)
    seen: list[list[int]] = [[], []]

    def watch(place: int) -> httpx.Response:
        for _ in range(60):
            answer = pinned[place].get(path)
            seen[place].append(int(plain(answer)["value"]))
        return answer

    def write() -> httpx.Response:
        for value in range(1, 41):
            answer = person.patch(path, {"value": value})
            assert answer.status_code == 200, answer.text
        return answer

    api.side_by_side([lambda: watch(0), lambda: watch(1), write])
    for values in seen:
        assert values == sorted(values)
    fresh_at_all(api, person, path, lambda found: found["value"] == 40)


# -- bytes ----------------------------------------------------------------------------------------------------


def test_what_one_has_already_is_not_sent_again(api: Api, big: Person) -> None:
    for path in ("/api/v1/contacts", "/api/v1/dashboard/stats"):
        for _ in range(2):
            tag = big.get(path).headers["etag"]
            for condition in (tag, f'"x", W/{tag}', "*"):
                answer = big.get(path, {"if-none-match": condition})
                assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
            assert big.get(path, {"if-none-match": '"x"'}).status_code == 200
    row = big.rows("/api/v1/contacts?limit=1")[0]
    detail = f"/api/v1/contacts/{row['id']}"
    tag = big.get(detail).headers["etag"]
    stamp = {"x-payaid-stamp": big.patch(detail, {"notes": "changed"}).headers["x-payaid-stamp"]}
    assert big.get(detail, {"if-none-match": tag} | stamp).status_code == 200


def test_compressed_answers_are_the_same_answer_in_far_fewer_bytes(api: Api, big: Person) -> None:
    one = api.at_each_worker(big)[0]
    path = "/api/v1/contacts?sort=name"
    whole = one.get(path)
    assert len(whole.json()["data"]) == 50
    assert "content-encoding" not in whole.headers
    decoders: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}
    for coding, decode in decoders.items():
        for turn in range(4):
            with one.http.stream(
                "GET", path, headers={"authorization": f"Bearer {one.token}", "accept-encoding": coding}
            ) as answer:
                sent = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == coding
            assert answer.headers["content-length"] == str(len(sent))
            assert answer.headers["etag"] == whole.headers["etag"][:-1] + f'-{coding}"'
            assert decode(sent) == whole.content, f"turn {turn}"
            saved = 1 - len(sent) / len(whole.content)
            assert saved >= 0.6, f"{coding} saved {saved:.0%} of {len(whole.content)} bytes"
            assert (
                one.get(path, {"accept-encoding": coding, "if-none-match": answer.headers["etag"]}).status_code == 304
            )


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [("br, gzip", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("br;q=0", None), ("identity", None), ("*", "br"), ("", None),
     ("zstd", None), ("GZIP", "gzip"), ("gzip;q=nonsense", None), ("deflate, gzip", "gzip")],
)  # fmt: skip
def test_the_coding_is_one_that_the_caller_accepts(big: Person, accepts: str, coding: str | None) -> None:
    answer = big.get("/api/v1/contacts", {"accept-encoding": accepts})
    assert answer.headers.get("content-encoding") == coding
    assert len(answer.json()["data"]) == 50


def test_what_is_small_is_sent_as_it_is(big: Person) -> None:
    assert "content-encoding" not in big.get("/api/v1/deals", {"accept-encoding": "br"}).headers


def test_a_head_request_is_a_get_without_the_body(big: Person) -> None:
    for path in ("/api/v1/contacts", "/api/v1/auth/me", "/openapi.json", "/health/live"):
        got, head = big.get(path), big.ask("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
        assert head.headers.get("etag") == got.headers.get("etag")
