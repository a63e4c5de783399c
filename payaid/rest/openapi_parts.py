"""What the parts of the OpenAPI document are written with."""

from typing import Any

import orjson

from payaid.catalogue import Resource

Schema = dict[str, Any]
PROBLEM = {"$ref": "#/components/responses/Problem"}
ERRORS = {str(status): PROBLEM for status in (400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 429, 503, 504)}


def inlined(schema: Schema, schemas: Schema) -> Schema:
    """Pydantic's own definitions become components."""
    found: Schema = orjson.loads(orjson.dumps(schema).replace(b"#/$defs/", b"#/components/schemas/"))
    schemas |= found.pop("$defs", {})
    return found


def content(description: str, schema: Schema) -> Schema:
    """A response with a JSON body."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def body_of(name: str) -> Schema:
    """A request's body, by the name of its schema."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def id_of(resource: Resource) -> Schema:
    """The id in a path."""
    schema = {"type": "string", "minLength": 1, "maxLength": 64}
    return {"name": "id", "in": "path", "required": True, "schema": schema, "description": f"The {resource.title}."}


def query_of(name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter of the query."""
    found = {"name": name, "in": "query", "schema": schema}
    return found | {"description": description} if description else found


def problem() -> Schema:
    """The problem document."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "advice": {"type": "string"},
            "instance": {"type": "string"},
            "requestId": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                },
            },
        },
    }
    return {"description": "What went wrong (RFC 9457).", "content": {"application/problem+json": {"schema": schema}}}


def described(
    resource: Resource, summary: str, verb: str, alias: bool, answers: Schema, below: Resource | None = None
) -> Schema:
    """An operation on a resource, with a name of its own."""
    words = [verb, *([below.title] if below else []), resource.title, *(["alias"] if alias else [])]
    return {
        "operationId": "_".join(words),
        "summary": summary,
        "tags": [resource.module],
        **({"deprecated": True} if resource.leaving else {}),
        "responses": answers | ERRORS,
    }
