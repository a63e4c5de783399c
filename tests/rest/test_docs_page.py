"""The page for people lists every operation that the document for machines does, and loads nothing from elsewhere."""

import re

from payaid.rest.openapi import openapi
from tests.fixtures.api import Api

METHODS = ("get", "post", "patch", "delete")


def test_the_page_lists_every_operation(api: Api) -> None:
    answer = api.stranger().get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    shown = set(re.findall(r'<b class="method (\w+)">\w+</b><code>([^<]+)</code>', answer.text))
    documented = {
        (method, path)
        for path, item in openapi()["paths"].items()
        for method in METHODS
        if method in item and not item[method]["operationId"].endswith("_alias")
    }
    assert shown == documented


def test_the_page_runs_no_script_and_needs_nobody_else(api: Api) -> None:
    answer = api.stranger().get("/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_the_page_says_what_a_body_may_be(api: Api) -> None:
    text = api.stranger().get("/docs").text
    assert "<td>JSON</td><td><code>Login</code> in /openapi.json</td>" in text
    assert "<td>text/csv</td><td>the file itself</td>" in text
