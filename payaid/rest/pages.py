"""The pages for people: the API's reference, drawn from the same document that machines read. No outside host."""

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from payaid.content import content
from payaid.rest.openapi import openapi

HTML = b"text/html; charset=utf-8"
# The reference runs no script, and loads nothing from anywhere else.
DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
METHODS = ("get", "post", "patch", "delete")


def guarded(policy: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a page: its content policy, in nobody's frame, and no address told to where a link leads."""
    return (
        (b"content-security-policy", f"{policy}; frame-ancestors 'none'".encode()),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
    )


@cache
def docs() -> bytes:
    """GET /docs."""
    document = openapi()
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in METHODS:
            if (operation := item.get(method)) and not operation["operationId"].endswith("_alias"):
                groups[operation["tags"][0]].append({"method": method, "path": path, **operation})
    found = Environment(
        loader=FileSystemLoader(content("templates/service")), autoescape=select_autoescape(), trim_blocks=True
    )
    return found.get_template("docs.html.j2").render(info=document["info"], groups=groups).encode()
