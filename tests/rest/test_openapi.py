"""The document is true: valid, complete, and what it promises is what is answered, whatever is asked."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from payaid.resources import catalogue
from payaid.rest.openapi import openapi
from payaid.rest.routes import FIXED, PREFIX, resolve
from tests.fixtures.api import Api, Person, plain

METHODS = ("get", "post", "patch", "delete")
# Pages for people and for scrapers are no part of the API.
UNDOCUMENTED = {"/openapi.json", "/docs", "/metrics", "/ops"}
EXAMPLES = 7
# Uploads: sent as they are generated.
UPLOADED = {
    media_type
    for one in (*catalogue().actions, *(verb for one in catalogue().resources for verb in one.verbs.values()))
    for media_type in one.uploads
}
schemathesis.serializer.alias(sorted(UPLOADED), "application/octet-stream")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi()["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_schemas_in_it_are_valid() -> None:
    for name, schema in openapi()["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), name


def test_every_reference_leads_somewhere() -> None:
    document = openapi()

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert found
    for reference in found:
        target: Any = document
        for word in reference.removeprefix("#/").split("/"):
            target = target[word]


def test_every_route_of_the_catalogue_is_in_it_and_nothing_else() -> None:
    expected = {
        (method.lower(), path) for path, routes in FIXED.items() if path not in UNDOCUMENTED for method in routes
    }
    for one in catalogue().resources:
        for root in {one.path, *([one.name] if one.alias else [])}:
            base = f"{PREFIX}{root}"
            expected |= {("get", base), ("post", base)}
            expected |= {(method, f"{base}/{{id}}") for method in ("get", "patch", "delete")}
            expected |= {(m, f"{base}/{{id}}/{relation.name}") for relation in one.relations for m in ("get", "post")}
            expected |= {("post", f"{base}/{'{id}/' if on_item else ''}{verb}") for on_item, verb in one.verbs}
    for summary in catalogue().summaries:
        expected |= {("get", f"{PREFIX}{summary.path}"), ("get", f"{PREFIX}{summary.name}")}
    expected |= {("post", f"{PREFIX}{path}") for path in catalogue().action_by_path}
    job = f"{PREFIX}jobs/{{id}}"
    expected |= {
        ("get", job),
        ("post", f"{job}/cancel"),
        ("post", f"{job}/retry"),
        ("get", f"{PREFIX}files/{{signed}}"),
    }
    assert {(method, path) for method, path, _ in operations()} == expected


def test_every_operation_has_a_name_of_its_own_and_resolves() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
    for method, path, _ in operations():
        assert (resolve(path.replace("{id}", "x").replace("{signed}", "x")) or {}).get(method.upper()), (
            f"{method} {path}"
        )


def test_a_list_documents_every_filter_and_sort() -> None:
    for one in catalogue().resources:
        parameters = {p["name"]: p for p in openapi()["paths"][f"{PREFIX}{one.path}"]["get"]["parameters"]}
        assert {name for name, field in one.columns.items() if field.filter} <= parameters.keys()
        sorts = {name for name, field in one.columns.items() if field.sort}
        assert set(parameters["sort"]["schema"]["enum"]) == sorts | {f"-{name}" for name in sorts}


def test_it_is_served_and_kept_by_those_who_have_it(api: Api) -> None:
    answer = api.stranger().get("/openapi.json")
    assert plain(answer)["openapi"].startswith("3.1")
    assert api.stranger().get("/openapi.json", {"if-none-match": answer.headers["etag"]}).status_code == 304


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    """An enterprise tenant with a few rows, so that some of what is asked exists."""
    person = api.owner()
    contact = person.made("/api/v1/contacts", {"name": "x", "email": "x@example.in"})
    person.made("/api/v1/deals", {"name": "x", "value": 1, "contactId": contact["id"]})
    person.made("/api/v1/invoices", {"placeOfSupply": "27", "items": [
        {"description": "x", "quantity": 1, "unitPrice": 1, "gstRate": 5}]})  # fmt: skip
    return person


def examined(operation: Any, ask: Callable[[Any], None]) -> None:
    """Call `ask` with generated cases of one operation."""

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        ask(case)

    run()


@pytest.mark.timeout(180)
def test_whatever_is_asked_is_answered_as_documented(api: Api, owner: Person) -> None:
    """Generated requests for every operation: no 5xx, and only what the document promises."""
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    answered: Counter[int] = Counter()
    exporter = api.owner()

    def ask(case: Any) -> None:
        # An address of its own, for what is counted by address.
        # An export costs ten, which would be all that the owner may ask; whose it is makes no difference to it.
        caller = exporter if case.path.endswith("/export") else owner
        headers = {"authorization": f"Bearer {caller.token}", "x-forwarded-for": api.stranger().address}
        answer = case.call(base_url=api.url, headers=headers)
        answered[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.method} {case.formatted_path}: {answer.text}"
        case.validate_response(answer, checks=checks)

    for found in schemathesis.openapi.from_dict(openapi()).get_all_operations():
        examined(found.ok(), ask)
    assert answered[200] > 30
    assert answered[201] > 10
    assert answered[202] > 50
    assert sum(answered.values()) > 250, answered
