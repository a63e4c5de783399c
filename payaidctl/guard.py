"""The guard before commands that write: it shows which database is meant, and refuses one it should not touch."""

import sys
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from payaidctl.errors import OperatorError, Unreachable, UsageError
from payaidctl.target import Target, libpq, mask

if TYPE_CHECKING:
    from psycopg import Connection


class Kind(StrEnum):
    """Whose database it is, by what it holds."""

    OURS = "a payaid database"
    PAYAID_V3 = "an existing PayAid V3 database"
    EMPTY = "an empty database"
    FOREIGN = "not a PayAid database"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a connection turned out to lead to."""

    host: str
    database: str
    role: str
    kind: Kind
    standby: bool
    pooled: bool

    def __str__(self) -> str:
        return f"database {self.database} on {self.host} as {self.role}: {self.kind.value}"


LOOK = """
SELECT current_database(), current_user, pg_is_in_recovery(),
       to_regnamespace('payaid') IS NOT NULL,
       to_regclass('public."Contact"') IS NOT NULL AND to_regclass('public."Tenant"') IS NOT NULL,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public')
"""


def guard(
    target: Target,
    action: str,
    *,
    yes: bool,
    allowed: Collection[Kind] = (Kind.OURS,),
    direct: bool = False,
) -> Identity:
    """Show host, database and role on stderr; return what it is, if `action` may go ahead on it.

    Outside the embedded stack a person has to agree, by `--yes` or at the prompt. `direct` refuses a standby and a
    transaction pooler, through which DDL, advisory locks and SET do not work.

    Raises:
        UsageError: the wrong kind of database, or nobody agreed.
        Unreachable: it cannot be reached.
    """
    from payaidctl.terminal import say

    url = target.direct_url
    identity = identify(url)
    say(f"{action}: {identity} ({target.origin})")
    if refusal := refuse(identity, action, allowed, direct=direct):
        raise refusal
    consent(target, action, yes=yes)
    return identity


def consent(target: Target, action: str, *, yes: bool) -> None:
    """Have a person agree, unless it is the embedded stack or they did so by --yes.

    Raises:
        UsageError: nobody agreed.
    """
    if not (target.embedded or yes):
        _agree(f"{action} on {target}?")


def identify(url: str, timeout_s: int = 5) -> Identity:
    """Ask the server at the other end of `url` what it is.

    Raises:
        Unreachable: it does not answer.
    """
    import psycopg

    try:
        with psycopg.connect(
            libpq(url), connect_timeout=timeout_s, autocommit=True, prepare_threshold=None
        ) as connection:
            row = connection.execute(LOOK).fetchone()
            pooled = is_pooled(connection)
            host = f"{connection.info.host}:{connection.info.port}"
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise Unreachable(f"{mask(url)} cannot be reached: {reason}", "`payaidctl ping` shows what answers") from error
    if row is None:
        raise Unreachable(f"{mask(url)} answered nothing", "`payaidctl ping` shows what answers")
    database, role, standby, ours, theirs, tables = row
    return Identity(host, database, role, _kind(ours, theirs, tables), standby, pooled)


def is_pooled(connection: "Connection[Any]") -> bool:
    """Whether something between us and the server re-uses server connections.

    PgBouncer and Supavisor answer our startup themselves, with a made-up cancel key: the process id that they
    report is not that of the backend which runs the statement.
    """
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] != connection.info.backend_pid


def refuse(identity: Identity, action: str, allowed: Collection[Kind], *, direct: bool = False) -> OperatorError | None:
    """The reason why `action` must not touch this database, or None. Pure."""
    if identity.kind not in allowed:
        wanted = " or ".join(kind.value for kind in allowed)
        return UsageError(f"refused: {identity}, and {action} is for {wanted}", "name another database")
    if identity.standby:
        return UsageError(f"refused: {identity}, on a standby, which cannot be written", "name the primary")
    if direct and identity.pooled:
        return UsageError(
            f"refused: {identity}, through a pooler, which breaks DDL and locks",
            "set DATABASE_DIRECT_URL to the server itself (Supabase: port 5432, not 6543)",
        )
    return None


def _kind(ours: bool, theirs: bool, tables: bool) -> Kind:
    if ours:
        return Kind.OURS
    if theirs:
        return Kind.PAYAID_V3
    return Kind.FOREIGN if tables else Kind.EMPTY


def _agree(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody was asked: input is no terminal", "repeat with --yes if that is what you mean")
    import typer

    if not typer.confirm(question, err=True):
        raise UsageError("nothing was done", "repeat and agree, or pass --yes")
