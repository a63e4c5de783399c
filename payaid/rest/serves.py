"""The statement that the service sends for a request, for those who explain it rather than execute it."""

from payaid.principal import Principal
from payaid.resources import catalogue
from payaid.rest.cursor import Cursors
from payaid.rest.plan import plan
from payaid.rest.routes import resolve
from payaid.rest.statement import Statement, statement
from payaid.rules.tiers import Tier


def read_statement(request: str, *, tenant_id: str, user_id: str = "") -> Statement:
    """The very statement behind `GET /api/v1/crm/contacts?status=active`, for this tenant.

    Raises:
        LookupError: the request is not a GET that the catalogue answers.
        BadRequest: its query is not one of that endpoint's.
    """
    method, _, where = request.partition(" ")
    path, _, query = where.partition("?")
    target = (resolve(path) or {}).get(method)
    if target is None or not target.cacheable:
        raise LookupError(f"{request}: not a read of the catalogue's")
    modules = catalogue().modules
    reader = Principal(tenant_id, user_id, "", "owner", (), modules, Tier.ENTERPRISE)
    return statement(plan(target, query, reader, Cursors("")))
