"""Declarations: ours are sound and name requests that exist; mistakes in a file are named by file and line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payaid.rest.serves import read_statement
from payaidctl.errors import UsageError
from payaidctl.indexes.declared import (
    NAME_BYTES,
    PLACEHOLDER,
    Declaration,
    declarations,
    kept,
    on_partition,
    parse,
    quote,
    render,
    retired,
    sets,
    temporary,
    unquote,
)
from payaidctl.indexes.progress import PHASES, Build, eta_s
from payaidctl.indexes.questions import substitute
from payaidctl.indexes.syntax import split

HEADER = "-- serves: GET /x\n-- why: y\n-- probe: SELECT 1\n"
# What the specification lists, word for word.
ROADMAP = {
    "idx_contact_tenant_status_created": '"Contact" ("tenantId", status, "createdAt" DESC)',
    "idx_contact_list_covering": '"Contact" ("tenantId", status) INCLUDE (name, email, phone)',
    "idx_contact_search": '"Contact" USING gin '
    """(to_tsvector('english'::regconfig, name || ' ' || coalesce(email, '')))""",
    "idx_deal_tenant_stage_value": '"Deal" ("tenantId", stage, value DESC)',
    "idx_deal_contact_fk": '"Deal" ("contactId")',
    "idx_task_tenant_status_due": '"Task" ("tenantId", status, "dueDate")',
    "idx_task_contact_fk": '"Task" ("contactId")',
    "idx_order_tenant_status_created": '"Order" ("tenantId", status, "createdAt" DESC)',
    "idx_invoice_tenant_status_due": '"Invoice" ("tenantId", status, "dueDate")',
    "idx_invoice_list_covering": '"Invoice" ("tenantId", status) INCLUDE ("invoiceNumber", total, "dueDate")',
    "idx_user_tenant_fk": '"User" ("tenantId")',
}
# Endpoints that the service does not have yet: these are proven by their probes.
NOT_SERVED_YET = {"idx_user_tenant_fk"}


def test_the_roadmap_is_the_specification() -> None:
    found = {one.name: f"{quote(one.table)} {one.definition}" for one in declarations("roadmap")}
    assert found == ROADMAP
    assert {"roadmap", "service"} <= set(sets())


@pytest.mark.parametrize("one", declarations("all"), ids=lambda one: one.name)
def test_each_serves_a_request_that_exists(one: Declaration) -> None:
    if not one.serves.startswith("GET ") or one.name in NOT_SERVED_YET:
        return
    # A name is a word to search for, an id an id; a status or stage must be one that the catalogue knows.
    examples = {"stage": "lead", "status": "pending" if one.table in {"Task", "Order"} else "active", "email": "a@b.in"}
    if one.table == "Invoice":
        examples["status"] = "sent"
    request = PLACEHOLDER.sub(lambda place: examples.get(place[1], "x1"), one.serves)
    statement = read_statement(request, tenant_id="t")
    assert f'"{one.table}"' in statement.sql


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("-- serves: a\n-- why: b\nCREATE INDEX idx ON t (a);", ":1: the header has no `probe`"),
        ("-- serves: a\n-- wyh: b\nCREATE INDEX idx ON t (a);", ":2: expected one of"),
        (HEADER, ":4: no statement"),
        (HEADER + "CREATE INDEX idx ON t (a); DROP TABLE t;", ":4: more than one statement"),
        (HEADER + "CREATE INDEX CONCURRENTLY idx ON t (a);", ":4: not a plain"),
        (HEADER + "CREATE INDEX IF NOT EXISTS idx ON t (a);", ":4: not a plain"),
        (HEADER + "CREATE INDEX idx ON public.t (a);", ":4: not a plain"),
        (HEADER + "CREATE INDEX other ON t (a);", ":4: declares other, in a file called idx.sql"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, mistake: str) -> None:
    path = tmp_path / "idx.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        parse(path, "own")
    assert f"{path}{mistake}" in str(refused.value)


def test_unknown_names_are_not_ignored() -> None:
    with pytest.raises(UsageError, match="no index set 'roadmpa'"):
        declarations("roadmpa")
    with pytest.raises(UsageError, match="no declared index is called 'idx_contcat"):
        declarations("roadmap", ["idx_contact_search", "idx_contcat_search"])
    assert [one.name for one in declarations("roadmap", ["idx_deal_*"])] == [
        "idx_deal_contact_fk",
        "idx_deal_tenant_stage_value",
    ]


def test_an_operator_may_bring_own_sets_and_replace_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, name in (("nightly", "idx_nightly"), ("roadmap", "idx_deal_contact_fk")):
        target = tmp_path / "sql" / "indexes" / folder
        target.mkdir(parents=True)
        (target / f"{name}.sql").write_text(HEADER + f'CREATE INDEX {name} ON "Deal" (id);', encoding="utf-8")
    monkeypatch.setenv("PAYAID_CONTENT", str(tmp_path))
    assert [one.name for one in declarations("nightly")] == ["idx_nightly"]
    replaced = {one.name: one.definition for one in declarations("roadmap")}
    assert len(replaced) == 11
    assert replaced["idx_deal_contact_fk"] == "(id)"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=NAME_BYTES))
def test_derived_names_fit_and_differ(name: str) -> None:
    derived = [temporary(name), retired(name), kept(name), on_partition(name, "p1"), on_partition(name, "p2")]
    assert all(len(one.encode()) <= NAME_BYTES for one in derived if len(name.encode()) <= NAME_BYTES)
    assert len(set(derived)) == len(derived)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_quoting_round_trips(name: str) -> None:
    assert unquote(quote(name)) == name


def test_how_it_is_built_is_decided_when_it_is_built() -> None:
    [one] = declarations("roadmap", ["idx_order_tenant_status_created"])
    built = render(one, name="other", table='sales."Order"', concurrently=True)
    assert built == 'CREATE INDEX CONCURRENTLY other ON sales."Order" ("tenantId", status, "createdAt" DESC)'


@pytest.mark.parametrize("one", declarations("all"), ids=lambda one: one.name)
def test_the_parts_of_ours_are_split_where_they_join(one: Declaration) -> None:
    parts = split(one.definition)
    assert len(parts.keys) == (1 if parts.method == "gin" else len(re.split(r",", one.definition.split(")")[0])))
    assert bool(parts.include) == ("INCLUDE" in one.definition)
    assert bool(parts.predicate) == ("WHERE" in one.definition)


def test_variables_are_replaced_where_they_are_variables() -> None:
    source = """SELECT c.tenant, "tenant", 'tenant', tenant(1), tenant FROM t WHERE x = tenant"""
    assert substitute(source, {"tenant": "'t1'"}) == (
        """SELECT c.tenant, "tenant", 'tenant', tenant(1), 't1' FROM t WHERE x = 't1'"""
    )


def building(phase: str, done: int) -> Build:
    return Build(1, "d", 1, 1, "CREATE INDEX CONCURRENTLY", phase, done, 100, 0, 0, done, 100, "u", "a", 1.0)


def test_progress_goes_forward_through_the_phases() -> None:
    percents = [building(phase, done).percent for phase, _ in PHASES for done in (0, 50, 100)]
    assert all(percent is not None for percent in percents)
    assert percents == sorted(percent for percent in percents if percent is not None)
    assert percents[-1] == 100
    assert building("a phase of a later version", 1).percent is None
    assert eta_s(50, 10) == 10
    assert eta_s(None, 10) is None
