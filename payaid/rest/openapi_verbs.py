"""Verbs and jobs in the OpenAPI document."""

from payaid.catalogue import Action, Resource
from payaid.resources import catalogue
from payaid.rest.body import action_model
from payaid.rest.jobs import STATES, Listing
from payaid.rest.openapi_parts import ERRORS, Schema, content, id_of, inlined, query_of
from payaid.rest.routes import PREFIX

KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}
WHERE = {"Location": {"schema": {"type": "string"}}}
MOMENT = {"type": "string", "format": "date-time"}


def verbs(resource: Resource, base: str, alias: bool, schemas: Schema) -> Schema:
    """The paths of a resource's verbs below one of its roots."""
    found: Schema = {}
    for action in resource.verbs.values():
        described = {"post": verb(action, resource.module, resource.title, alias, schemas)}
        if action.on_item:
            found[f"{base}/{{id}}/{action.name}"] = {"parameters": [id_of(resource)], **described}
        else:
            found[f"{base}/{action.name}"] = described
    return found


def verb(action: Action, module: str, title: str, alias: bool, schemas: Schema) -> Schema:
    """One verb: what it takes, and whether it answers a job or a row."""
    if action.makes:
        made = catalogue().by_name[action.makes].title.capitalize()
        answers = {"201": content("Made.", {"$ref": f"#/components/schemas/{made}"}) | {"headers": WHERE}}
    else:
        answers = {"202": _accepted()}
    parameters, body = _uploaded(action) if action.uploads else ([], _sent(action, title, schemas))
    return {
        "operationId": "_".join([*action.name.split("-"), *([title] if title else []), *(["alias"] if alias else [])]),
        "summary": action.title,
        "tags": [module],
        "parameters": [KEY, *parameters],
        "requestBody": body,
        "responses": answers | ERRORS,
    }


def _sent(action: Action, title: str, schemas: Schema) -> Schema:
    name = f"{title.capitalize()}{action.name.capitalize()}"
    schemas[name] = inlined(action_model(action).model_json_schema(), schemas)
    needed = any(one.required for one in action.fields)
    return {"required": needed, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def _uploaded(action: Action) -> tuple[list[Schema], Schema]:
    """A body that is a file; what else there is to say stands in the query."""
    properties = action_model(action).model_json_schema()["properties"]
    parameters = [query_of(one.name, properties[one.name], one.about) for one in action.fields]
    raw = {"schema": {"type": "string", "format": "binary"}}
    return parameters, {"required": True, "content": dict.fromkeys(action.uploads, raw)}


def jobs(schemas: Schema) -> Schema:
    """What can be asked about a job, and done with it."""
    schemas["Job"] = _job()
    id_ = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 64}}
    where = f"{PREFIX}jobs/{{id}}"
    shown = content("The job.", {"$ref": "#/components/schemas/Job"})
    return {
        f"{PREFIX}jobs": {"get": _listed()},
        where: {"parameters": [id_], "get": _about("read_job", "Read one job", {"200": shown})},
        f"{where}/cancel": {"parameters": [id_], "post": _about("cancel_job", "Cancel one job", {"202": _accepted()})},
        f"{PREFIX}files/{{signed}}": {"parameters": [_signed()], "get": _download()},
        f"{where}/retry": {"parameters": [id_], "post": _about("retry_job", "Do a job again", {"202": _accepted()})},
    }


def _listed() -> Schema:
    job = {"$ref": "#/components/schemas/Job"}
    page = {"type": "object", "properties": {"limit": {"type": "integer"}, "next": {"type": ["string", "null"]}}}
    properties = {"data": {"type": "array", "items": job}, "page": page}
    answer = content("A page.", {"type": "object", "required": ["data", "page"], "properties": properties})
    asked = Listing.model_json_schema()["properties"]
    parameters = [query_of(name, schema) for name, schema in asked.items()]
    return _about("list_jobs", "List jobs, newest first", {"200": answer}) | {"parameters": parameters}


def _signed() -> Schema:
    schema = {"type": "string", "minLength": 1, "maxLength": 243}
    about = "What a job's result links to; it is the permission, so no token is needed."
    return {"name": "signed", "in": "path", "required": True, "schema": schema, "description": about}


def _download() -> Schema:
    file = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return _about("download", "Fetch a file that a job has made", {"200": {"description": "It.", "content": file}}) | {
        "security": []
    }


def _about(name: str, summary: str, answers: Schema) -> Schema:
    return {"operationId": name, "summary": summary, "tags": ["jobs"], "responses": answers | ERRORS}


def _accepted() -> Schema:
    return content("Accepted: the job.", {"$ref": "#/components/schemas/Job"}) | {"headers": WHERE}


def _job() -> Schema:
    properties = {
        "id": {"type": "string"},
        "task": {"type": "string"},
        "state": {"type": "string", "enum": list(STATES)},
        "progress": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "result": {"description": "What it made; a file as `link`, `bytes`, `rows` and `expiresAt`."},
        "error": {"type": ["string", "null"], "description": "Why it failed; a fault of ours is named no closer."},
        "attempts": {"type": "integer", "description": "How many have failed."},
        "uncertain": {"type": "integer", "description": "How many ended without anybody knowing whether they acted."},
        "createdAt": MOMENT,
        "notBefore": MOMENT,
        "startedAt": {"anyOf": [MOMENT, {"type": "null"}]},
        "finishedAt": {"anyOf": [MOMENT, {"type": "null"}]},
    }
    return {"type": "object", "required": list(properties), "properties": properties}
