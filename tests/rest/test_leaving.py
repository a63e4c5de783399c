"""A collection that will go, as callers see it: announced in every answer, hits and refusals too, and in OpenAPI."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from payaid.catalogue import Catalogue, Leaving
from payaid.errors import Forbidden
from payaid.gateway.failures import Failures
from payaid.gateway.trace import Trace
from payaid.resources import catalogue
from payaid.rest import openapi, routes
from tests.gateway.stage import ask, raising, saying

LEAVING = Leaving(date(2026, 4, 1), date(2027, 3, 31), "/api/v1/crm/people")
TOLD = {
    "deprecation": "@1775001600", "sunset": "Wed, 31 Mar 2027 00:00:00 GMT",
    "link": '</api/v1/crm/people>; rel="successor-version"',
}  # fmt: skip


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue, with contacts on their way out."""
    real = catalogue()
    resources = [replace(one, leaving=LEAVING) if one.name == "contacts" else one for one in real.resources]
    changed = Catalogue(resources, real.summaries, real.actions)
    for module in (routes, openapi):
        monkeypatch.setattr(module, "catalogue", lambda: changed)
    routes._resolved.cache_clear()
    yield
    routes._resolved.cache_clear()


def headers(path: str, app: Any = None) -> dict[str, str]:
    found = ask(Trace(app or saying(b"{}"), "p-1"), path=path, routed=False).headers
    return {name: found[name] for name in TOLD if name in found}


@pytest.mark.usefixtures("announced")
@pytest.mark.parametrize("path", ["/api/v1/crm/contacts", "/api/v1/contacts", "/api/v1/contacts/x"])
def test_every_answer_says_until_when_and_what_then(path: str) -> None:
    assert headers(path) == TOLD
    assert headers(path, Failures(raising(Forbidden("no")))) == TOLD
    assert headers("/api/v1/crm/deals") == {}


@pytest.mark.usefixtures("announced")
def test_openapi_marks_it() -> None:
    paths = openapi.openapi()["paths"]
    assert paths["/api/v1/crm/contacts"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/api/v1/crm/deals"]["get"]


def test_nothing_goes_before_it_was_announced() -> None:
    with pytest.raises(ValueError, match="leaving"):
        Leaving(date(2026, 4, 1), date(2026, 4, 1))
