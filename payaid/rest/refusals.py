"""What the database refuses, in the caller's words: which field, and why."""

import re

from psycopg import DatabaseError, errors

from payaid.catalogue import Resource
from payaid.errors import Conflict, Invalid, PayaidError
from payaid.rules.broken import BrokenRules

KEY = re.compile(r"Key \((?P<columns>.+?)\)=")
TABLE = re.compile(r'from table "(?P<table>\w+)"')


def refusal(error: DatabaseError, resource: Resource) -> PayaidError | None:
    """The error that a caller is shown, or None where the fault is ours."""
    detail = error.diag.message_detail or ""
    match error:
        case errors.UniqueViolation():
            names = _columns(detail)
            return Conflict(
                f"There is a {resource.title} with this {' and '.join(names) or 'key'} already.",
                errors=[{"pointer": f"/{name}", "detail": "is taken"} for name in names],
            )
        case errors.ForeignKeyViolation() if "is still referenced" in detail:
            table = TABLE.search(detail)
            return Conflict(
                f"The {resource.title} is still used by a row of {table['table'] if table else 'another table'}."
            )
        case errors.ForeignKeyViolation():
            names = _columns(detail)
            found = [{"pointer": f"/{name}", "detail": "names nothing that exists"} for name in names]
            return Invalid(f"{' and '.join(names)} names nothing that exists.", errors=found)
        case errors.CheckViolation():
            return Invalid(f"The {resource.title} breaks the rule {error.diag.constraint_name}.")
        case errors.NumericValueOutOfRange() | errors.StringDataRightTruncation():
            return Invalid(f"A value of the {resource.title} is too large to be stored.")
        case errors.CharacterNotInRepertoire() | errors.UntranslatableCharacter():
            return Invalid("A text contains a character that cannot be stored.")
        case _:
            return None


def broken(rules: BrokenRules) -> Invalid:
    """Broken business rules, each by its pointer."""
    found = [{"pointer": pointer, "detail": detail} for pointer, detail in rules.mistakes]
    return Invalid(f"{found[0]['pointer']}: {found[0]['detail']}", errors=found)


def _columns(detail: str) -> list[str]:
    found = KEY.search(detail)
    names = [name.strip().strip('"') for name in found["columns"].split(",")] if found else []
    return [name for name in names if name != "tenantId"]
