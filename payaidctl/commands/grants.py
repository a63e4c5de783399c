"""Print the least database privileges that a command needs, as SQL."""

from typing import Annotated

import typer


def command(
    name: Annotated[str, typer.Argument(metavar="COMMAND", help="verify-indexes, inspect, ping, readiness ...")],
    *,
    role: Annotated[str, typer.Option("--role", help="The role that is to have them.")] = "payaid_operator",
    database: Annotated[str, typer.Option("--database", help="The database.")] = "payaid",
    owner: Annotated[str, typer.Option("--owner", help="The owner of its tables.")] = "payaid_owner",
) -> None:
    """The GRANTs for a role of your own, so that no command has to run as the owner. Nothing is run here.

    Read them, make the role, and give them to psql as a superuser. `verify-indexes`, `inspect`, `ping`, `check-env`
    and `readiness` change nothing; `create-indexes` has to act as the owner of the tables.

    \b
    Examples:
      payaidctl grants verify-indexes
      payaidctl grants inspect --role monitor --database payaid_v3 | psql -1 "$ADMIN_URL"
    """
    from payaidctl.grants import grants

    typer.echo(grants(name, {"role": role, "database": database, "owner": owner}))
