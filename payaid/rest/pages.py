"""The pages for people: the API's reference, drawn from the same document that machines read. No outside host."""

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from payaid.content import content
from payaid.rest.openapi import openapi

METHODS = ("get", "post", "patch", "delete")


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
