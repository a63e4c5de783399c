"""OpenAPI 3.1: a pure function of the catalogue. Every real endpoint is listed, and nothing else."""

from functools import cache

import orjson

from payaid import __version__
from payaid.catalogue import Field, Kind, Relation, Resource, Summary
from payaid.resources import catalogue
from payaid.rest import auth, batch
from payaid.rest.body import model
from payaid.rest.openapi_parts import (
    ERRORS,
    Schema,
    body_of,
    content,
    described,
    id_of,
    inlined,
    problem,
    query_of,
)  # fmt: skip
from payaid.rest.openapi_verbs import jobs, verb, verbs
from payaid.rest.request import DEFAULT_LIMIT, MAX_HEAVY, MAX_LIMIT
from payaid.rest.routes import PREFIX
from payaid.rest.statement import MOST_MATCHES

CAPPED = {"type": "boolean", "description": f"With `q`: more than the newest {MOST_MATCHES:,} rows match."}
SEARCH = f"Full-text search, among the newest {MOST_MATCHES:,} matches; `page.capped` says whether there are more."
JSON_TYPES: dict[Kind, Schema] = {
    Kind.MONEY: {"type": "number"},
    Kind.NUMBER: {"type": "number"},
    Kind.INTEGER: {"type": "integer"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TAGS: {"type": "array", "items": {"type": "string"}},
    Kind.LINES: {"type": "array", "items": {"type": "object"}},
}


@cache
def document() -> bytes:
    """The whole document, as JSON."""
    return orjson.dumps(openapi())


def openapi() -> Schema:
    """The whole document."""
    paths: Schema = {}
    schemas: Schema = {}
    for resource in catalogue().resources:
        _resource(resource, paths, schemas)
    for summary in catalogue().summaries:
        for path in (summary.path, summary.name):
            paths[f"{PREFIX}{path}"] = {"get": _summary(summary, alias=path != summary.path)}
    for action in catalogue().actions:
        for path in (action.path, action.name):
            paths[f"{PREFIX}{path}"] = {"post": verb(action, action.alone, "", path != action.path, schemas)}
    paths |= jobs(schemas)
    paths |= _auth(schemas) | _batch(schemas) | _health()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PayAid",
            "version": __version__,
            "summary": "CRM, finance with GST, and the dashboard of a small Indian company.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in (*catalogue().modules, "platform", "jobs", "auth", "health")],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {"Problem": problem()},
        },
    }


def _resource(resource: Resource, paths: Schema, schemas: Schema) -> None:
    name = resource.title.capitalize()
    schemas[name] = _row(resource, tuple(resource.columns))
    schemas[f"{name}Listed"] = _row(resource, tuple(resource.columns), required=("id",))
    for operation in ("create", "update"):
        schemas[f"{name}{operation.capitalize()}"] = inlined(model(resource, operation).model_json_schema(), schemas)
    for root in (resource.path, *([resource.name] if resource.alias else [])):
        alias = root != resource.path
        base, item = f"{PREFIX}{root}", f"{PREFIX}{root}/{{id}}"
        paths[base] = {"get": _list(resource, alias), "post": _create(resource, alias)}
        paths[item] = {
            "parameters": [id_of(resource)],
            "get": described(resource, f"Read one {resource.title}", "read", alias, _answers(name)),
            "patch": _update(resource, alias),
            "delete": described(
                resource, f"Delete one {resource.title}", "delete", alias, {"204": {"description": "Gone."}}
            ),
        }
        for relation in resource.relations:
            paths[f"{item}/{relation.name}"] = _nested(resource, relation, alias)
        paths |= verbs(resource, base, alias, schemas)


def _nested(resource: Resource, relation: Relation, alias: bool) -> Schema:
    other = catalogue().by_name[relation.resource]
    of = f" of one {resource.title}"
    return {
        "parameters": [id_of(resource)],
        "get": _list(other, alias, below=resource, of=of),
        "post": _create(other, alias, below=resource, of=of),
    }


def _list(resource: Resource, alias: bool, below: Resource | None = None, of: str = "") -> Schema:
    ref = {"$ref": f"#/components/schemas/{resource.title.capitalize()}Listed"}
    page = {
        "type": "object",
        "required": ["data", "page"],
        "properties": {
            "data": {"type": "array", "items": ref},
            "page": {
                "type": "object",
                "required": ["limit", "next"],
                "properties": {"limit": {"type": "integer"}, "next": {"type": ["string", "null"]}, "capped": CAPPED},
            },
        },
    }
    answers = {"200": content("A page.", page), "304": {"description": "Not modified."}}
    found = described(resource, f"List {resource.name}{of}", "list", alias, answers, below)
    return found | {"parameters": _list_parameters(resource)}


def _list_parameters(resource: Resource) -> list[Schema]:
    sorts = [one.name for one in resource.columns.values() if one.sort]
    sortable = [*sorts, *(f"-{name}" for name in sorts)]
    heavy = [one.name for one in resource.columns.values() if one.kind is Kind.LINES]
    less = f"At most {MAX_HEAVY} where `fields` names {' or '.join(heavy)}." if heavy else ""
    found = [
        query_of("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, less),
        query_of("cursor", {"type": "string"}, "Continue behind a page: its `page.next`."),
        query_of("page", {"type": "integer", "minimum": 1}, "For small sets; excludes `cursor`."),
        query_of("sort", {"type": "string", "enum": sortable, "default": "-createdAt"}),
        query_of("fields", {"type": "string"}, "Columns, separated by commas; id and the sort key always come along."),
    ]
    if resource.search:
        found.append(query_of("q", {"type": "string", "minLength": 1, "maxLength": 200}, SEARCH))
    for one in resource.columns.values():
        if one.filter:
            found.append(query_of(one.name, {"type": "string"}, _filter_words(one)))
            found.append(query_of(f"{one.name}.null", {"type": "string", "enum": ["true", "false"]}))
        if one.filter and one.comparable:
            found += [query_of(f"{one.name}.{operator}", {"type": "string"}) for operator in ("gt", "gte", "lt", "lte")]
    return found


def _filter_words(one: Field) -> str:
    alternatives = f" of {', '.join(one.choices)}" if one.choices else ""
    return f"Equal to this, or to one of several separated by commas{alternatives}."


def _create(resource: Resource, alias: bool, below: Resource | None = None, of: str = "") -> Schema:
    name = resource.title.capitalize()
    made = content("Made.", {"$ref": f"#/components/schemas/{name}"})
    made["headers"] = {
        "Location": {"schema": {"type": "string"}},
        "X-Payaid-Stamp": {"schema": {"type": "string"}, "description": "Send it back to read your own write."},
    }
    found = described(resource, f"Create a {resource.title}{of}", "create", alias, {"201": made}, below)
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}
    return found | {"parameters": [key], "requestBody": body_of(f"{name}Create")}


def _update(resource: Resource, alias: bool) -> Schema:
    name = resource.title.capitalize()
    found = described(resource, f"Change one {resource.title}", "update", alias, _answers(name))
    condition = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    return found | {"parameters": [condition], "requestBody": body_of(f"{name}Update")}


def _summary(summary: Summary, *, alias: bool) -> Schema:
    blocks = {
        block.name: {"type": "object", "properties": {one.name: {"type": "number"} for one in block.figures}}
        for block in summary.blocks
    }
    answers = {"200": content("The figures.", {"type": "object", "properties": blocks})}
    return {
        "operationId": f"read_{summary.name.replace('/', '_')}{'_alias' if alias else ''}",
        "summary": f"Read the {summary.title}",
        "tags": ["platform"],
        "parameters": [query_of("scope", {"type": "string", "enum": ["tenant", "me"], "default": "tenant"})],
        "responses": answers | ERRORS,
    }


def _auth(schemas: Schema) -> Schema:
    schemas["Login"] = auth.Login.model_json_schema()
    schemas["Refresh"] = auth.Refresh.model_json_schema()
    opened = {"200": content("A session.", {"type": "object"})}
    words = {
        "login": ("post", "Open a session", opened, "Login"),
        "refresh": ("post", "Exchange a refresh token for the next one", opened, "Refresh"),
        "logout": ("post", "End the session", {"204": {"description": "Ended."}}, None),
        "me": ("get", "Who the token stands for", {"200": content("The caller.", {"type": "object"})}, None),
    }
    found: Schema = {}
    for name, (method, summary, answers, body) in words.items():
        operation: Schema = {"operationId": name, "summary": summary, "tags": ["auth"], "responses": answers | ERRORS}
        if body:
            operation |= {"requestBody": body_of(body), "security": []}
        found[f"{PREFIX}auth/{name}"] = {method: operation}
    return found


def _batch(schemas: Schema) -> Schema:
    schemas["Batch"] = inlined(batch.Batch.model_json_schema(), schemas)
    result = {
        "type": "object",
        "required": ["id", "status", "headers", "body"],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "integer"},
            "headers": {"type": "object"},
            "body": {},
        },
    }
    answer = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": result}}}
    operation = {
        "operationId": "batch",
        "summary": f"Run up to {batch.MOST} requests in parallel",
        "tags": ["platform"],
        "requestBody": body_of("Batch"),
        "responses": {"200": content("Each request's own answer.", answer)} | ERRORS,
    }
    return {f"{PREFIX}batch": {"post": operation}}


def _health() -> Schema:
    found: Schema = {}
    for path, summary in (
        ("/api/health", "Each part: ok, degraded or down"),
        ("/health/live", "The process answers"),
        ("/health/ready", "A balancer may send requests here"),
    ):
        answers = {status: content(summary, {"type": "object"}) for status in ("200", "503")}
        found[path] = {
            "get": {
                "operationId": path.strip("/").replace("/", "_"),
                "summary": summary,
                "tags": ["health"],
                "security": [],
                "responses": answers,
            }
        }
    return found


def _row(resource: Resource, names: tuple[str, ...], required: tuple[str, ...] | None = None) -> Schema:
    properties = {name: _column(resource.columns[name]) for name in names}
    if resource.lines and required is None:
        properties[resource.lines.field] = {"type": "array", "items": {"type": "object"}}
    return {"type": "object", "required": list(required or names), "properties": properties}


def _column(one: Field) -> Schema:
    schema = dict(JSON_TYPES.get(one.kind, {"type": "string"}))
    if one.choices:
        schema["enum"] = list(one.choices)
    if one.about:
        schema["description"] = one.about
    return {"anyOf": [schema, {"type": "null"}]} if one.nullable else schema


def _answers(name: str) -> Schema:
    row = content("The row.", {"$ref": f"#/components/schemas/{name}"})
    return {"200": row, "304": {"description": "Not modified."}}
