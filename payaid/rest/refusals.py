"""What the database refuses, in the caller's words: which field, and why.

Behind row-level security PostgreSQL keeps the key's columns out of an error's detail, since they might tell of rows
that the caller may not see. The constraint's name has them: `Deal_tenantId_contactId_fkey`, whoever made the table.
"""

import re

from psycopg import DatabaseError, errors

from payaid.catalogue import Resource
from payaid.errors import Conflict, Invalid, PayaidError
from payaid.rules.broken import BrokenRules

TABLE = re.compile(r'from table "(?P<table>\w+)"')
SUFFIX = re.compile(r"_(?:fkey|key|check)\d*$")


def refusal(error: DatabaseError, resource: Resource) -> PayaidError | None:
    """The error that a caller is shown, or None where the fault is ours."""
    detail = error.diag.message_detail or ""
    names = _columns(error)
    match error:
        case errors.UniqueViolation():
            return Conflict(
                f"There is a {resource.title} with this {' and '.join(names) or 'key'} already.",
                errors=_named(error, resource, names, "is taken"),
            )
        case errors.ForeignKeyViolation() if "is still referenced" in detail:
            table = TABLE.search(detail)
            return Conflict(
                f"The {resource.title} is still used by a row of {table['table'] if table else 'another table'}."
            )
        case errors.ForeignKeyViolation():
            found = _named(error, resource, names, "names nothing that exists")
            return Invalid(f"{' and '.join(names) or 'A reference'} names nothing that exists.", errors=found)
        case errors.CheckViolation():
            rule = error.diag.constraint_name
            why = f"{' and '.join(names)} is not a value that it may have" if names else f"it breaks the rule {rule}"
            return Invalid(f"The {resource.title}: {why}.", errors=_named(error, resource, names, f"breaks {rule}"))
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


def _columns(error: DatabaseError) -> list[str]:
    table, constraint = error.diag.table_name or "", error.diag.constraint_name or ""
    if not constraint.startswith(f"{table}_") or not SUFFIX.search(constraint):
        return []
    named = SUFFIX.sub("", constraint).removeprefix(f"{table}_").split("_")
    return [name for name in named if name != "tenantId"]


def _named(error: DatabaseError, resource: Resource, names: list[str], what: str) -> list[dict[str, str]]:
    # Which of the lines it was, the database does not say.
    if resource.lines and error.diag.table_name == resource.lines.table:
        return [{"pointer": f"/{resource.lines.field}", "detail": f"{' and '.join(names)} {what}"}]
    return [{"pointer": f"/{name}", "detail": what} for name in names]
