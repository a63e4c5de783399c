"""Change notices: complete, grouped by tenant, atomic with the commit, and never the reason that a write fails."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.fixtures.schema import Place


class Ear:
    """Runs statements as the owner and returns the notices that each commit sends."""

    def __init__(self, listener: "psycopg.Connection[Any]", writer: "psycopg.Connection[Any]") -> None:
        self.listener = listener
        self.writer = writer

    def hear(self, statement: str) -> list[dict[str, Any]]:
        """The notices of one transaction, in order."""
        with self.writer.transaction():
            self.writer.execute(statement)
        self.writer.execute("NOTIFY payaid_change, 'end'")
        heard = []
        for notice in self.listener.notifies(timeout=10):
            if notice.payload == "end":
                return heard
            heard.append(json.loads(notice.payload))
        raise AssertionError("the end was not heard")


@pytest.fixture
def ear(walled: Place) -> Iterator[Ear]:
    with walled.connect() as listener, walled.connect() as writer:
        writer.execute("INSERT INTO \"Tenant\" (id, name) VALUES ('one', 'One'), ('two', 'Two')")
        listener.execute("LISTEN payaid_change")
        yield Ear(listener, writer)


CONTACTS = (
    """INSERT INTO "Contact" (id, name, "tenantId") SELECT 'c' || n, 'C', '{}' FROM generate_series(1, {}) AS n"""
)
FACETS = {"status": ["active"], "stage": ["prospect"], "type": ["lead"], "assignedToId": [None]}


def test_an_insert_tells_rows_and_facets(ear: Ear) -> None:
    notice = {"tenant": "one", "table": "Contact", "ids": ["c1", "c2"], "facets": FACETS}
    assert ear.hear(CONTACTS.format("one", 2)) == [notice]


def test_an_update_tells_old_and_new_values(ear: Ear) -> None:
    ear.hear(CONTACTS.format("one", 1))
    (notice,) = ear.hear("UPDATE \"Contact\" SET status = 'lost'")
    assert notice == {
        "tenant": "one", "table": "Contact", "ids": ["c1"], "facets": FACETS | {"status": ["active", "lost"]},
    }  # fmt: skip


def test_an_update_of_other_columns_still_tells_the_row(ear: Ear) -> None:
    ear.hear(CONTACTS.format("one", 1))
    assert [one["ids"] for one in ear.hear("UPDATE \"Contact\" SET notes = 'x'")] == [["c1"]]


def test_an_update_of_nothing_tells_nothing(ear: Ear) -> None:
    assert ear.hear("UPDATE \"Contact\" SET notes = 'x'") == []


def test_a_delete_tells_what_went_with_it(ear: Ear) -> None:
    ear.hear(CONTACTS.format("one", 1))
    ear.hear("""INSERT INTO "Deal" (id, name, "contactId", "tenantId") VALUES ('d', 'd', 'c1', 'one')""")
    notices = {one["table"]: one for one in ear.hear('DELETE FROM "Contact"')}
    assert notices["Contact"]["ids"] == ["c1"]
    assert notices["Deal"]["ids"] == ["d"]
    assert notices["Deal"]["facets"]["contactId"] == [None, "c1"]


def test_one_statement_over_two_tenants_tells_each(ear: Ear) -> None:
    ear.hear(CONTACTS.format("one", 1))
    ear.hear(CONTACTS.format("two", 1).replace("'c'", "'d'"))
    notices = ear.hear("UPDATE \"Contact\" SET stage = 'contact'")
    assert sorted((one["tenant"], one["ids"]) for one in notices) == [("one", ["c1"]), ("two", ["d1"])]


@pytest.mark.parametrize(("rows", "named"), [(20, True), (21, False), (1000, False)])
def test_many_rows_are_all_rows(ear: Ear, rows: int, named: bool) -> None:
    (notice,) = ear.hear(CONTACTS.format("one", rows))
    assert (notice["ids"] is not None) == named
    assert notice["facets"] == FACETS


def test_a_bulk_write_tells_the_tenants_alone(ear: Ear) -> None:
    notices = ear.hear(CONTACTS.format("one", 1001))
    assert notices == [{"tenant": "one", "table": "Contact", "ids": None, "facets": None}]


@pytest.mark.parametrize(("values", "named"), [(50, True), (51, False)])
def test_many_values_are_all_values(ear: Ear, values: int, named: bool) -> None:
    ear.hear(CONTACTS.format("one", values))
    (notice,) = ear.hear(
        """INSERT INTO "Deal" (id, name, "contactId", "tenantId") SELECT 'd' || id, 'd', id, 'one' FROM "Contact" """
    )
    assert (notice["facets"] is not None) == named


def test_a_long_notice_is_shortened_and_the_write_stands(ear: Ear) -> None:
    long = "repeat('ü', 600) || n"
    insert = """INSERT INTO "Contact" (id, name, "tenantId") SELECT {}, 'C', 'one' FROM generate_series(1, {}) AS n"""
    (kept,) = ear.hear(insert.format(long, 4))
    assert len(kept["ids"]) == 4
    (dropped,) = ear.hear(insert.format(long.replace("n", "n + 100"), 20))
    assert dropped == {"tenant": "one", "table": "Contact", "ids": None, "facets": None}
    (deals,) = ear.hear(
        """INSERT INTO "Deal" (id, name, "contactId", "tenantId") SELECT right(id, 3), 'd', id, 'one' FROM "Contact" """
        """WHERE id > 'ü' ORDER BY id LIMIT 10"""
    )
    assert (len(deals["ids"]), deals["facets"]) == (10, None)


def test_nothing_is_told_before_the_commit_or_after_a_rollback(ear: Ear) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        ear.hear(CONTACTS.format("one", 1) + "; SELECT 1 / 0")
    assert ear.hear("SELECT 1") == []


def test_truncate_tells_every_tenant(ear: Ear) -> None:
    assert sorted(one["tenant"] for one in ear.hear('TRUNCATE "Task"')) == ["one", "two"]


def test_a_tenant_and_a_session_announce_themselves(ear: Ear) -> None:
    (notice,) = ear.hear("UPDATE \"Tenant\" SET \"subscriptionTier\" = 'pro' WHERE id = 'one'")
    assert notice == {"tenant": "one", "table": "Tenant", "ids": ["one"], "facets": None}
    ear.hear("INSERT INTO \"User\" (id, email, \"tenantId\") VALUES ('u', 'u@one.in', 'one')")
    (notice,) = ear.hear(
        'INSERT INTO "Session" (id, "userId", "refreshHash", "expiresAt", "tenantId") '
        "VALUES ('s', 'u', 'h', now(), 'one')"
    )
    assert (notice["table"], notice["ids"]) == ("Session", ["s"])


def test_the_service_announces_too(walled: Place, ear: Ear) -> None:
    with walled.connect(walled.service, "one") as service:
        service.execute(CONTACTS.format("one", 1))
    assert [one["ids"] for one in ear.hear("SELECT 1")] == [["c1"]]
