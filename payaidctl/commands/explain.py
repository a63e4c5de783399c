"""Say why a check or an index exists, what it looks at, and how to mend it."""

from typing import Annotated

import typer


def command(identifier: Annotated[str, typer.Argument(metavar="ID", help="A check, or an index by its name.")]) -> None:
    """Everything that its file says. Checks are listed by `payaidctl checks`, indexes by `verify-indexes`.

    \b
    Examples:
      payaidctl explain replication.standby
      payaidctl explain idx_contact_search
    """
    from payaidctl.readiness.explain import explain

    typer.echo(explain(identifier))
