"""What a right answer looks like. Every distinct body is looked at whole, once: the same bytes are the same. Pure.

`page` also holds the tenant wall: a row of another tenant in an answer is the worst error that there is.
"""

from collections.abc import Callable
from typing import Any

import orjson

Check = Callable[[Any, str, str], str]
"""(decoded JSON, what was asked for, the caller's tenant) -> what is wrong, or nothing."""


def page(document: Any, asked: str, tenant: str) -> str:
    """A list: `{"data": [...], "page": {...}}`, no longer than a page may be, of this tenant's rows only."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return "no `data` list"
    if not isinstance(document.get("page"), dict):
        return "no `page`"
    if len(document["data"]) > 200:
        return f"{len(document['data'])} rows in one page"
    return next((wrong for item in document["data"] if (wrong := _foreign(item, tenant))), "")


def row(document: Any, asked: str, tenant: str) -> str:
    """A detail: the very row that was asked for."""
    if not isinstance(document, dict) or not document.get("id"):
        return "no `id`"
    if asked and document["id"] != asked:
        return f"row {document['id']}, not {asked}"
    return _foreign(document, tenant)


def stats(document: Any, asked: str, tenant: str) -> str:
    """Statistics: an object with something in it."""
    return "" if isinstance(document, dict) and document else "not an object with statistics"


def batch(document: Any, asked: str, tenant: str) -> str:
    """A batch: as many results as requests, each of which succeeded."""
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list) or len(results) != int(asked or 0):
        return f"not {asked} results"
    failed = [str(result.get("status")) for result in results if int(result.get("status", 0)) >= 400]
    return f"parts answered {', '.join(failed)}" if failed else ""


def login(document: Any, asked: str, tenant: str) -> str:
    """A login: a token, for the right tenant."""
    if not isinstance(document, dict) or not document.get("accessToken"):
        return "no `accessToken`"
    return ""


def anything(document: Any, asked: str, tenant: str) -> str:
    """Any JSON will do."""
    return ""


def parse(body: bytes) -> Any:
    """The JSON in it.

    Raises:
        ValueError: it is none.
    """
    return orjson.loads(body)


def _foreign(item: Any, tenant: str) -> str:
    if not isinstance(item, dict):
        return "a row that is no object"
    owner = item.get("tenantId")
    return f"a row of tenant {owner}" if owner is not None and owner != tenant else ""
