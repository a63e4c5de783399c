"""Every statement that the renderer can make has the one safe shape, and is valid SQL for the service's role."""

import re
from collections.abc import Iterator
from itertools import chain, combinations, product
from pathlib import Path

import psycopg
import pytest

import payaid
from payaid.catalogue import Relation, Resource
from payaid.resources import catalogue
from payaid.rest.jobs import NARROWER
from payaid.rest.jobs import ONE as JOB
from payaid.rest.jobs import page as jobs_page
from payaid.rest.plan import ItemPlan, ListPlan, Plan, SummaryPlan
from payaid.rest.request import OPERATORS, Filter, ListQuery
from payaid.rest.sessions import WHO
from payaid.rest.statement import Statement, shell, statement, together
from tests.fixtures.database import Database
from tests.rest.shape import faults, numbered

CONTACTS = 'SELECT count(*) FROM "Contact" t WHERE t."tenantId" = tenant.id'
CTE = "WITH tenant AS MATERIALIZED (SELECT set_config('payaid.tenant_id', $1, true) AS id)"

NEIGHBOURS = dict(
    re.findall(
        r"^-- ([^\n]+)\n((?:[^-\n][^\n]*\n)+)", (Path(__file__).parent / "neighbours.sql").read_text(), re.MULTILINE
    )
)


def columns_of(resource: Resource) -> Iterator[tuple[str, ...]]:
    yield resource.listed
    yield ("id", "createdAt")


def filters_of(resource: Resource) -> Iterator[tuple[Filter, ...]]:
    """None, each filter in each form, and all of them together."""
    every = []
    for one in resource.columns.values():
        if one.filter:
            every += [Filter(one.name, "=", "x"), Filter(one.name, "any", ("x", "y"))]
            every += [Filter(one.name, "null", True), Filter(one.name, "null", False)]
            every += [Filter(one.name, operator, "x") for operator in OPERATORS.values() if one.comparable]
    return chain([()], ((one,) for one in every), [tuple(every)])


def orders_of(resource: Resource) -> list[tuple[tuple[str, bool], ...]]:
    sortable = [one.name for one in resource.columns.values() if one.sort]
    return [((name, down), ("id", down)) for name, down in product(sortable, (False, True))]


def keys_of(resource: Resource, order: tuple[tuple[str, bool], ...]) -> list[tuple[str | None, ...] | None]:
    """No cursor, one whose key has a value, and one whose key is null where that can be."""
    nullable = resource.columns[order[0][0]].nullable
    return [None, ("1", "id"), *([(None, "id")] if nullable else [])]


def parents_of(resource: Resource) -> list[tuple[Resource, Relation] | None]:
    return [None, *((one, relation) for one in catalogue().resources for relation in one.relations
                    if relation.resource == resource.name)]  # fmt: skip


def list_plans(resource: Resource) -> Iterator[ListPlan]:
    usual = (("createdAt", True), ("id", True))
    for parent in parents_of(resource):
        place = (parent[0], parent[1].column, "p") if parent else (None, "", "")

        def one(query: ListQuery, place: tuple[Resource | None, str, str] = place) -> ListPlan:
            return ListPlan("north", resource, query, *place)

        for columns, filters in product(columns_of(resource), filters_of(resource)):
            yield one(ListQuery(columns, filters, usual))
        searches = ("", "priya") if resource.search else ("",)
        few = list(filters_of(resource))[:2]
        for order, filters, search in product(orders_of(resource), few, searches):
            for after in keys_of(resource, order):
                yield one(ListQuery(resource.listed, filters, order, search=search, after=after))
            yield one(ListQuery(resource.listed, filters, order, search=search, offset=50))


def summary_plans() -> Iterator[SummaryPlan]:
    for summary in catalogue().summaries:
        names = [block.name for block in summary.blocks]
        for blocks in chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)):
            personal = [one.name for one in summary.blocks if one.personal and one.name in blocks]
            yield SummaryPlan("north", summary, blocks)
            yield SummaryPlan("north", summary, tuple(personal), user="u")


def every_statement() -> set[str]:
    plans: list[Plan] = [*summary_plans()]
    for resource in catalogue().resources:
        plans += [*list_plans(resource), ItemPlan("north", resource, "x")]
    several = [together([statement(one) for one in chosen]).sql for chosen in bundles()]
    pages = {jobs_page(frozenset(some)) for size in range(4) for some in combinations(NARROWER, size)}
    return {statement(one).sql for one in plans} | {shell(WHO), JOB, *several, *pages}


def bundles() -> Iterator[list[Plan]]:
    """What is read together: one of each kind, and one resource twice."""
    (summary, *_), usual = catalogue().summaries, (("createdAt", True), ("id", True))
    blocks = SummaryPlan("north", summary, tuple(block.name for block in summary.blocks)).parts()
    for resource in catalogue().resources:
        plain, filtered = list(filters_of(resource))[:2]
        lists = [ListPlan("north", resource, ListQuery(resource.listed, one, usual)) for one in (plain, filtered)]
        yield [*lists, ItemPlan("north", resource, "x"), *blocks]


@pytest.fixture(scope="module")
def texts() -> set[str]:
    return every_statement()


def test_every_statement_has_the_one_shape(texts: set[str]) -> None:
    assert len(texts) > 1000
    wrong = {text: found for text in texts if (found := faults(text))}
    assert not wrong


def test_every_statement_is_one_that_postgres_accepts_from_the_service(
    texts: set[str], module_database: Database
) -> None:
    with psycopg.connect(module_database.listen_url, autocommit=True) as connection:
        for text in texts:
            connection.execute(f"EXPLAIN (GENERIC_PLAN) {numbered(text)}")


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_the_judge_refuses_the_neighbours_of_the_shape(neighbour: str) -> None:
    assert faults(NEIGHBOURS[neighbour])


def test_the_neighbours_are_many() -> None:
    assert len(NEIGHBOURS) == 40


def test_the_judge_accepts_the_shape_itself() -> None:
    assert faults(f"{CTE} SELECT ({CONTACTS}) FROM tenant") == []


def test_there_is_no_statement_without_a_tenant() -> None:
    with pytest.raises(ValueError, match="tenant"):
        Statement("SELECT 1", {"tenant": ""})


def test_nobody_else_makes_statements() -> None:
    """What is rendered elsewhere is not enumerated above, so there must be no elsewhere."""
    root = Path(payaid.__file__).parent
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"\bshell\(|\bStatement\(", path.read_text(encoding="utf-8"))
    }
    assert makers == {"rest/statement.py", "rest/sessions.py", "rest/jobs.py"}


def test_several_reads_in_one_statement_are_of_one_tenant() -> None:
    contacts = catalogue().resources[0]
    plans = [ItemPlan(tenant, contacts, "x") for tenant in ("north", "south")]
    with pytest.raises(ValueError, match="one tenant"):
        together([statement(one) for one in plans])
