"""From a path to what it means: one dictionary look-up in the catalogue, not a walk over 300 patterns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from payaid.catalogue import Action, Relation, Resource, Summary
from payaid.resources import catalogue
from payaid.rest import leaving

PREFIX = "/api/v1/"
VERSIONS = ("v1",)
# A version that there is not is told apart from a path that means nothing: its caller reads the wrong manual.
VERSIONED = re.compile(r"/api/v\d{1,4}(?:/|$)")
# Ids are text (uuid or cuid); this bound keeps labels, keys and logs sane.
LONGEST_ID = 64
# And this one keeps what nobody could have meant out of the memory of paths.
LONGEST_PATH = 256


@dataclass(frozen=True, slots=True)
class Target:
    """What a method on a path asks for.

    `template` is the bounded name for metrics. `grant` is the permission it takes; empty: none beyond identity.
    `also`: another one that it takes, where a row of another module stands above.
    `public`: no identity needed. `cost`: what the limiter charges; 0: not charged. `headers`: of every answer.
    """

    operation: str
    template: str
    public: bool = False
    grant: str = ""
    also: str = ""
    cost: int = 1
    resource: Resource | None = None
    summary: Summary | None = None
    id: str = ""
    parent: Resource | None = None
    relation: Relation | None = None
    action: Action | None = None
    headers: leaving.Headers = ()
    # May an answer to it be kept?
    cacheable: bool = field(init=False)

    def __post_init__(self) -> None:
        """Worked out once: every request asks."""
        object.__setattr__(self, "cacheable", self.operation in {"list", "item", "summary"})
        if self.cacheable and self.cost != 1:
            raise ValueError(
                f"{self.template}: what may be kept costs 1, for a hit rides on a lease of single requests"
            )

    @property
    def streams(self) -> bool:
        """Does it move a file: its endpoint reads the body itself, and it may take as long as the wire does."""
        return self.operation == "file" or bool(self.action and self.action.uploads)


Routes = Mapping[str, Target]

FIXED: dict[str, Routes] = {
    "/api/health": {"GET": Target("health", "/api/health", public=True, cost=0)},
    "/health/live": {"GET": Target("live", "/health/live", public=True, cost=0)},
    "/health/ready": {"GET": Target("ready", "/health/ready", public=True, cost=0)},
    "/metrics": {"GET": Target("metrics", "/metrics", public=True, cost=0)},
    # Its own login, and guesses are counted there.
    "/ops": {"GET": Target("ops", "/ops", public=True, cost=0)},
    "/openapi.json": {"GET": Target("openapi", "/openapi.json", public=True)},
    "/docs": {"GET": Target("docs", "/docs", public=True)},
    "/api/v1/auth/login": {"POST": Target("login", "/api/v1/auth/login", public=True)},
    "/api/v1/auth/refresh": {"POST": Target("refresh", "/api/v1/auth/refresh", public=True)},
    "/api/v1/auth/logout": {"POST": Target("logout", "/api/v1/auth/logout")},
    # Charged by its items.
    "/api/v1/batch": {"POST": Target("batch", "/api/v1/batch", cost=0)},
    "/api/v1/jobs": {"GET": Target("jobs", "/api/v1/jobs", grant="platform:read")},
    "/api/v1/auth/me": {"GET": Target("me", "/api/v1/auth/me")},
}
NO_VERSION: Routes = {
    method: Target("version", "/api/{version}", public=True) for method in ("GET", "HEAD", "POST", "PATCH", "DELETE")
}


def resolve(path: str) -> Routes | None:
    """The methods that a path answers to, or None for a path that means nothing. HEAD is GET without a body."""
    return _resolved(path) if len(path) <= LONGEST_PATH else None


@lru_cache(maxsize=8192)
def _resolved(path: str) -> Routes | None:
    if fixed := FIXED.get(path):
        return _with_head(fixed)
    if not path.startswith(PREFIX):
        return NO_VERSION if VERSIONED.match(path) else None
    words = path.removeprefix(PREFIX).split("/")
    for summary in catalogue().summaries:
        if "/".join(words) in (summary.path, summary.name):
            return _with_head({"GET": _summary(summary)})
    if words[0] == "jobs":
        return _with_head(found) if (found := _jobs(words[1:])) else None
    if words[0] == "files" and len(words) == 2 and words[1]:
        return _with_head({"GET": Target("file", f"{PREFIX}files/{{signed}}", public=True, id=words[1])})
    if action := catalogue().action_by_path.get("/".join(words)):
        return {"POST": _action(action, f"{PREFIX}{action.path}", action.alone)}
    found = _resource(words)
    return _with_head(found) if found else None


def _resource(words: list[str]) -> Routes | None:
    known = catalogue().by_path
    for length in (2, 1):
        resource = known.get("/".join(words[:length]))
        if resource and len(words) >= length:
            found = _below(resource, words[length:])
            if found and resource.leaving:
                told = leaving.headers(resource.leaving)
                return {method: replace(target, headers=told) for method, target in found.items()}
            return found
    return None


def _below(resource: Resource, rest: list[str]) -> Routes | None:
    if not _sensible(rest):
        return None
    template = f"{PREFIX}{resource.path}"
    match rest:
        case []:
            return {
                "GET": Target("list", template, grant=f"{resource.module}:read", resource=resource),
                "POST": Target("create", template, grant=f"{resource.module}:write", resource=resource),
            }
        case [word] if action := resource.verbs.get((False, word)):
            return {"POST": _action(action, f"{template}/{word}", resource.module, resource)}
        case [id_]:
            item = f"{template}/{{id}}"
            return {
                "GET": Target("item", item, grant=f"{resource.module}:read", resource=resource, id=id_),
                "PATCH": Target("update", item, grant=f"{resource.module}:write", resource=resource, id=id_),
                "DELETE": Target("delete", item, grant=f"{resource.module}:delete", resource=resource, id=id_),
            }
        case [id_, word] if action := resource.verbs.get((True, word)):
            return {"POST": _action(action, f"{template}/{{id}}/{word}", resource.module, resource, id_)}
        case [id_, word]:
            return _relation(resource, id_, word, template)
    return None


def _relation(resource: Resource, id_: str, word: str, template: str) -> Routes | None:
    for relation in resource.relations:
        if relation.name == word:
            other = catalogue().by_name[relation.resource]
            above = f"{resource.module}:read"
            shared = {"resource": other, "id": id_, "parent": resource, "relation": relation, "also": above}
            nested = f"{template}/{{id}}/{word}"
            return {
                "GET": Target("list", nested, grant=f"{other.module}:read", **shared),  # type: ignore[arg-type]
                "POST": Target("create", nested, grant=f"{other.module}:write", **shared),  # type: ignore[arg-type]
            }
    return None


def _jobs(rest: list[str]) -> Routes | None:
    if not rest or not _sensible(rest):
        return None
    template = f"{PREFIX}jobs/{{id}}"
    match rest:
        case [id_]:
            return {"GET": Target("job", template, grant="platform:read", id=id_)}
        case [id_, "cancel" | "retry" as verb]:
            return {"POST": Target(f"job-{verb}", f"{template}/{verb}", grant="platform:write", id=id_)}
    return None


def _sensible(words: list[str]) -> bool:
    return all(word and len(word) <= LONGEST_ID and word.isprintable() for word in words)


def _action(action: Action, template: str, module: str, resource: Resource | None = None, id_: str = "") -> Target:
    grant = f"{module}:{action.grant}"
    return Target("action", template, grant=grant, cost=action.cost, resource=resource, id=id_, action=action)


def _summary(summary: Summary) -> Target:
    return Target("summary", f"{PREFIX}{summary.path}", grant=f"{summary.module}:read", summary=summary)


def _with_head(routes: Routes) -> Routes:
    return {**routes, "HEAD": routes["GET"]} if "GET" in routes else routes
