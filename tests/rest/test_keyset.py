"""Keyset paging, as a property: a walk by cursor gives each row of the whole order once, whatever the rows are."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.api import Api, Person, plain

DAY = datetime(2026, 4, 1, tzinfo=UTC)
# Few values, so that most rows are tied with another one.
MOMENTS = st.integers(0, 3).map(lambda days: DAY + timedelta(days=days))
CONTACTS = {
    "name": st.sampled_from(["asha", "bina", "chitra"]),
    "leadScore": st.sampled_from([0, 0.5, 99.99, 100]),
    "lastContactedAt": st.none() | MOMENTS,
    "nextFollowUp": st.none() | MOMENTS,
    "createdAt": MOMENTS,
    "status": st.sampled_from(["active", "inactive", "lost"]),
}
DEALS = {
    "name": st.sampled_from(["roof", "wall"]),
    "value": st.sampled_from([0, 0.01, 5, 999_999_999_999.99]),
    "expectedCloseDate": st.none() | MOMENTS,
    "createdAt": MOMENTS,
    "stage": st.sampled_from(["lead", "won"]),
}
FILTERS = {"contacts": ["status=active", "status=active,lost", "leadScore.gt=0.5", "lastContactedAt.null=false"],
           "deals": ["stage=won", "value.gte=0.01", "expectedCloseDate.null=true"]}  # fmt: skip
KEEPS = {
    "status=active": lambda row: row["status"] == "active",
    "status=active,lost": lambda row: row["status"] in {"active", "lost"},
    "leadScore.gt=0.5": lambda row: row["leadScore"] > 0.5,
    "lastContactedAt.null=false": lambda row: row["lastContactedAt"] is not None,
    "stage=won": lambda row: row["stage"] == "won",
    "value.gte=0.01": lambda row: row["value"] >= 0.01,
    "expectedCloseDate.null=true": lambda row: row["expectedCloseDate"] is None,
    "": lambda row: True,
}


@st.composite
def walks(draw: st.DrawFn) -> dict[str, Any]:
    """A collection, its rows, and a way to walk through it."""
    collection, columns = draw(st.sampled_from([("contacts", CONTACTS), ("deals", DEALS)]))
    rows = draw(st.lists(st.fixed_dictionaries(columns), max_size=22))
    sort = draw(st.sampled_from([name for name in columns if name not in {"status", "stage"}]))
    return {
        "collection": collection,
        "rows": [{"id": f"{place:04d}", **row} for place, row in enumerate(rows)],
        "sort": sort,
        "down": draw(st.booleans()),
        "limit": draw(st.integers(1, 9)),
        "filter": draw(st.sampled_from(["", *FILTERS[collection]])),
    }


def in_order(rows: list[dict[str, Any]], sort: str, *, down: bool) -> list[str]:
    """The ids in the API's order: nulls after everything ascending, before everything descending; then by id."""
    ordered = sorted(rows, key=lambda row: (row[sort] is None, row[sort] if row[sort] is not None else 0, row["id"]))
    return [row["id"] for row in (reversed(ordered) if down else ordered)]


def walked(person: Person, path: str, query: str) -> list[str]:
    """The ids of every page, page after page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = plain(person.get(f"{path}?{query}{cursor and f'&cursor={cursor}'}"))
        found += [row["id"] for row in page["data"]]
        cursor = page["page"]["next"]
        if cursor is None:
            return found
        assert len(page["data"]) == page["page"]["limit"], "only the last page may be short"


@settings(max_examples=25)
@given(walk=walks())
def test_a_walk_by_cursor_gives_each_row_of_the_whole_order_once(api: Api, walk: dict[str, Any]) -> None:
    person = api.owner()
    assert person.tenant
    table = {"contacts": "Contact", "deals": "Deal"}[walk["collection"]]
    made = [{**row, "id": f"{person.tenant.id}-{row['id']}"} for row in walk["rows"]]
    person.tenant.insert(table, made)
    kept = [row for row in made if KEEPS[walk["filter"]](row)]
    expected = in_order(kept, walk["sort"], down=walk["down"])
    path, sort = f"/api/v1/{walk['collection']}", f"{'-' if walk['down'] else ''}{walk['sort']}"
    query = f"sort={sort}&{walk['filter']}".removesuffix("&")
    assert walked(person, path, f"{query}&limit={walk['limit']}") == expected
    assert [row["id"] for row in person.rows(f"{path}?{query}&limit=200")] == expected


def test_rows_that_come_and_go_shift_nobody_else(api: Api) -> None:
    """The reason for keysets: with page numbers, a row that is added in front shows another one twice."""
    person = api.owner()
    assert person.tenant
    person.tenant.insert(
        "Contact",
        [{"id": f"{person.tenant.id}-{n}", "name": f"{n}", "createdAt": DAY + timedelta(days=n)} for n in range(6)],
    )
    first = plain(person.get("/api/v1/contacts?limit=3"))
    new = person.post("/api/v1/contacts", {"name": "in front"})
    shown = {"x-payaid-stamp": new.headers["x-payaid-stamp"]}
    second = plain(person.get(f"/api/v1/contacts?limit=3&cursor={first['page']['next']}", shown))
    assert [row["name"] for row in first["data"] + second["data"]] == ["5", "4", "3", "2", "1", "0"]
    assert second["page"]["next"] is None
