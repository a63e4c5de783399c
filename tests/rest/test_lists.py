"""What a list can be asked: filters, sort, columns, pages, search, nesting; and what it says when asked wrongly."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from payaid.resources import catalogue
from payaid.rest.routes import PREFIX
from tests.fixtures.api import Api, Person, plain, problem

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
CITIES = ("Pune", "Mumbai", "Nagpur")


@pytest.fixture(scope="module")
def reader(api: Api) -> Person:
    """Somebody with sixty contacts and what hangs on one of them. Nothing here writes to this tenant."""
    person = api.owner()
    tenant = person.tenant
    assert tenant
    contacts = [
        {
            "id": f"{tenant.id}-{n:02d}",
            "name": f"Contact {n:02d}",
            "email": f"c{n}@example.in",
            "city": CITIES[n % 3],
            "status": "active" if n % 2 else "inactive",
            "stage": "customer" if n < 10 else "prospect",
            "leadScore": n,
            "tags": ["vip"] if n == 7 else [],
            "assignedToId": person.id if n < 5 else None,
            "lastContactedAt": APRIL + timedelta(hours=n) if n < 24 else None,
            "createdAt": APRIL + timedelta(minutes=n),
        }
        for n in range(60)
    ]
    tenant.insert("Contact", contacts)
    first = contacts[0]["id"]
    tenant.insert("Deal", [{"name": f"Deal {n}", "value": n, "contactId": first if n else None} for n in range(4)])
    tenant.insert("Task", [{"title": f"Task {n}", "contactId": first} for n in range(2)])
    return person


def first_contact(reader: Person) -> str:
    assert reader.tenant
    return f"{reader.tenant.id}-00"


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_a_list_has_fifty_rows_newest_first_unless_told_otherwise(reader: Person) -> None:
    page = plain(reader.get("/api/v1/contacts"))
    assert names(page["data"]) == [f"Contact {n:02d}" for n in range(59, 9, -1)]
    assert page["page"]["limit"] == 50
    assert page["page"]["next"]


@pytest.mark.parametrize(("limit", "rows"), [("1", 1), ("59", 59), ("60", 60), ("200", 60)])
def test_the_limit_is_the_callers_up_to_two_hundred(reader: Person, limit: str, rows: int) -> None:
    page = plain(reader.get("/api/v1/contacts", limit=limit))
    assert len(page["data"]) == rows
    assert (page["page"]["next"] is None) == (rows == 60)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=active", 30),
        ("status=active,inactive", 60),
        ("status=lost", 0),
        ("city=Pune", 20),
        ("city=Pune,Nagpur&status=active", 20),
        ("leadScore=7", 1),
        ("leadScore.gt=57", 2),
        ("leadScore.gte=57", 3),
        ("leadScore.lt=2&leadScore.gte=1", 1),
        ("leadScore.lte=2.0", 3),
        ("leadScore=1,2,3e0", 3),
        ("lastContactedAt.null=true", 36),
        ("lastContactedAt.null=false", 24),
        ("createdAt.gte=2026-04-01T00:58:00Z", 2),
        ("createdAt.gte=2026-04-01T06:28:00%2B05:30", 2),
        ("createdAt.gte=2026-04-01T00:58:00%2B00:00:00.000001", 2),
        ("email=C7@example.in", 0),
        ("email=c7@example.in", 1),
    ],
)
def test_filters(reader: Person, query: str, expected: int) -> None:
    assert len(reader.rows(f"/api/v1/contacts?limit=200&{query}")) == expected


def test_a_date_in_a_filter_is_an_indian_day(api: Api) -> None:
    """As in a body: the first moment of the day in India, not in Greenwich."""
    person = api.owner()
    row = person.made("/api/v1/tasks", {"title": "Due", "dueDate": "2026-04-01"})
    assert row["dueDate"].startswith("2026-03-31T18:30:00")
    assert len(person.rows("/api/v1/tasks?dueDate.gte=2026-04-01")) == 1
    assert person.rows("/api/v1/tasks?dueDate.lt=2026-04-01") == []


def test_ones_own_rows(reader: Person) -> None:
    assert len(reader.rows("/api/v1/contacts", assignedToId=reader.id)) == 5


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Contact 00"),
        ("-leadScore", "Contact 59"),
        ("lastContactedAt", "Contact 00"),
        ("-lastContactedAt", "Contact 59"),
    ],
)
def test_sorts(reader: Person, sort: str, first: str) -> None:
    assert names(reader.rows("/api/v1/contacts", sort=sort))[0] == first


def test_only_the_asked_columns_and_the_key_come_along(reader: Person) -> None:
    row = reader.rows("/api/v1/contacts", fields="name,city", sort="-leadScore", limit="1")[0]
    assert list(row) == ["id", "name", "city", "leadScore"]


def test_a_list_may_show_what_only_the_detail_shows_by_itself(reader: Person) -> None:
    assert "notes" not in reader.rows("/api/v1/contacts", limit="1")[0]
    assert "notes" in reader.rows("/api/v1/contacts", limit="1", fields="notes")[0]
    assert "notes" in plain(reader.get(f"/api/v1/contacts/{first_contact(reader)}"))


def test_rows_with_their_lines_come_by_the_twenty(reader: Person) -> None:
    found = problem(reader.get("/api/v1/invoices?fields=items&limit=21"), 400, "query:limit")
    assert "from 1 to 20" in found["errors"][0]["detail"]
    assert plain(reader.get("/api/v1/invoices?fields=items"))["page"]["limit"] == 20
    assert plain(reader.get("/api/v1/invoices?fields=items&limit=20"))["page"]["limit"] == 20


def test_pages_by_number_are_the_order_in_slices(reader: Person) -> None:
    whole = names(reader.rows("/api/v1/contacts", limit="60"))
    sliced = [name for page in "123" for name in names(reader.rows("/api/v1/contacts", limit="20", page=page))]
    assert sliced == whole
    assert reader.rows("/api/v1/contacts", limit="20", page="4") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("contact 07", ["Contact 07"]),
        ("c7@example.in", ["Contact 07"]),
        ("nobody", []),
        ('"', []),
        ("' OR 1=1 --", []),
        ("!!&|:*", []),
    ],
)
def test_search(reader: Person, words: str, found: list[str]) -> None:
    assert names(reader.rows(f"/api/v1/contacts?q={quote(words)}")) == found


def test_search_and_filter_narrow_together(reader: Person) -> None:
    assert names(reader.rows("/api/v1/contacts?q=contact&city=Pune&limit=2")) == ["Contact 57", "Contact 54"]


def test_below_a_row_are_the_rows_that_name_it(reader: Person) -> None:
    where = f"/api/v1/contacts/{first_contact(reader)}"
    assert sorted(names(reader.rows(f"{where}/deals"))) == ["Deal 1", "Deal 2", "Deal 3"]
    assert names(reader.rows(f"{where}/deals?sort=value&limit=1")) == ["Deal 1"]
    assert len(reader.rows(f"{where}/tasks")) == 2
    assert reader.rows(f"{where}/invoices") == []
    problem(reader.get("/api/v1/contacts/nothing/deals"), 404)


def test_two_collections_below_one_row_are_two_answers(reader: Person) -> None:
    """Deals and tasks name their contact by the same column: asked for the same columns, they must not be mixed up."""
    where = f"/api/v1/contacts/{first_contact(reader)}"
    deals, tasks = ({row["id"] for row in reader.rows(f"{where}/{name}?fields=id")} for name in ("deals", "tasks"))
    assert (len(deals), len(tasks)) == (3, 2)
    assert not deals & tasks
    invoices = reader.get(f"{where}/invoices?fields=status")
    orders = reader.get(f"{where}/orders?fields=status")
    assert (plain(invoices)["data"], plain(orders)["data"]) == ([], [])
    assert "miss" in orders.headers["cache-status"]


def test_a_cursor_of_one_collection_does_not_open_its_sibling(reader: Person) -> None:
    where = f"/api/v1/contacts/{first_contact(reader)}"
    cursor = plain(reader.get(f"{where}/deals?limit=1"))["page"]["next"]
    problem(reader.get(f"{where}/tasks?limit=1&cursor={cursor}"), 400, "query:cursor")


@pytest.mark.parametrize("one", [one for one in catalogue().resources if one.alias], ids=lambda one: one.name)
def test_an_alias_is_the_same_answer_from_the_same_entry(reader: Person, one: Any) -> None:
    asked = "limit=3&sort=createdAt"
    canonical = reader.get(f"{PREFIX}{one.path}?{asked}")
    alias = reader.get(f"{PREFIX}{one.name}?sort=createdAt&limit=3")
    assert alias.content == canonical.content
    assert alias.headers["etag"] == canonical.headers["etag"]
    both = [reader.get(f"{PREFIX}{name}?{asked}").headers["cache-status"] for name in (one.path, one.name) * 3]
    assert all("hit" in status for status in both)


def test_the_dashboard_has_an_alias_too(reader: Person) -> None:
    canonical = reader.get("/api/v1/platform/dashboard/stats")
    assert plain(reader.get("/api/v1/dashboard/stats")) == plain(canonical)
    assert plain(canonical)["contacts"]["total"] == 60


WRONG = {
    "unknown=1": "query:unknown",
    "name=x": "query:name",
    "limit=0": "query:limit",
    "limit=201": "query:limit",
    "limit=-1": "query:limit",
    "limit=ten": "query:limit",
    "limit=%D9%A1%D9%A0%D9%A1%D9%A0": "query:limit",
    "limit=99999999999999999999": "query:limit",
    "limit=1&limit=2": "query:limit",
    "page=0": "query:page",
    "page=999999&limit=200": "query:page",
    "page=1&cursor=x": "query:page",
    "sort=notes": "query:sort",
    "sort=": "query:sort",
    "sort=name;--": "query:sort",
    "fields=": "query:fields",
    "fields=name,secret": "query:fields",
    "fields=tenantId": "query:fields",
    "status=sleeping": "query:status",
    "status=active,sleeping": "query:status",
    "status.gt=active": "query:status.gt",
    "leadScore=many": "query:leadScore",
    "leadScore=NaN": "query:leadScore",
    "leadScore=1e400": "query:leadScore",
    "leadScore=1e-999999": "query:leadScore",
    "leadScore.gt=0E%2B99999999999": "query:leadScore.gt",
    "leadScore.between=1": "query:leadScore.between",
    "leadScore.null=maybe": "query:leadScore.null",
    "lastContactedAt.gte=yesterday": "query:lastContactedAt.gte",
    "lastContactedAt.gte=2026-02-30": "query:lastContactedAt.gte",
    "lastContactedAt.gte=2026-04-01T09:30:00": "query:lastContactedAt.gte",
    "lastContactedAt.gte=0001-01-01T00:00:00%2B05:30": "query:lastContactedAt.gte",
    "email=a%00b": "query:email",
    "tags=vip": "query:tags",
    "q=": "query:q",
    "q=%00": "query:q",
    "q=" + "x" * 201: "query:q",
    "city=" + ",".join(map(str, range(51))): "query:city",
    "cursor=abc": "query:cursor",
    "cursor=%FF%FE": "query:cursor",
    "assignedToId=" + "x" * 600: "query:assignedToId",
}


@pytest.mark.parametrize("query", WRONG, ids=lambda query: query[:40])
def test_a_wrong_question_is_answered_with_what_is_wrong(reader: Person, query: str) -> None:
    found = problem(reader.get(f"/api/v1/contacts?{query}"), 400, WRONG[query])
    assert all(one["detail"] for one in found["errors"])


def test_all_mistakes_are_told_at_once(reader: Person) -> None:
    problem(
        reader.get("/api/v1/contacts?limit=0&sort=x&fields=y&status=z&nothing=1"),
        400, "query:limit", "query:sort", "query:fields", "query:status", "query:nothing",
    )  # fmt: skip


def test_what_cannot_be_searched_says_so(reader: Person) -> None:
    problem(reader.get("/api/v1/tasks?q=call"), 400, "query:q")


@pytest.mark.parametrize("path", ["contacts/{id}", "contacts/{id}/deals?scope=me", "dashboard/stats?scope=all",
                                  "dashboard/stats?user=me"])  # fmt: skip
def test_a_query_that_an_endpoint_does_not_take_is_refused(reader: Person, path: str) -> None:
    path = path.format(id=first_contact(reader))
    problem(reader.get(f"/api/v1/{path}{'' if '?' in path else '?expand=deals'}"), 400)


@pytest.mark.parametrize("other", ["status=active", "sort=name", "q=contact"])
def test_a_cursor_belongs_to_its_own_question(reader: Person, other: str) -> None:
    cursor = plain(reader.get("/api/v1/contacts?limit=2"))["page"]["next"]
    assert len(reader.rows(f"/api/v1/contacts?cursor={cursor}&limit=7")) == 7, "another limit or columns are fine"
    assert reader.rows(f"/api/v1/contacts?cursor={cursor}&limit=1&fields=id")
    assert reader.rows(f"/api/v1/crm/contacts?cursor={cursor}&limit=1"), "an alias is the same collection"
    problem(reader.get(f"/api/v1/contacts?cursor={cursor}&{other}"), 400, "query:cursor")
    problem(reader.get(f"/api/v1/deals?cursor={cursor}"), 400, "query:cursor")


def test_a_changed_cursor_is_refused(reader: Person) -> None:
    cursor = plain(reader.get("/api/v1/contacts?limit=2"))["page"]["next"]
    for place in (0, 8, len(cursor) // 2, len(cursor) - 2):
        other = "A" if cursor[place] != "A" else "B"
        problem(
            reader.get(f"/api/v1/contacts?cursor={cursor[:place]}{other}{cursor[place + 1 :]}"), 400, "query:cursor"
        )


def test_a_cursor_opens_no_other_tenants_rows(reader: Person, api: Api) -> None:
    """It is signed for the question, not for the tenant: elsewhere it is a place in that tenant's own order."""
    cursor = plain(reader.get("/api/v1/contacts?limit=2&sort=name"))["page"]["next"]
    other = api.owner()
    assert other.rows(f"/api/v1/contacts?sort=name&cursor={cursor}") == []
