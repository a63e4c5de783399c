"""The command line. The folder `commands` is the registry: a module `verify_indexes.py` is `verify-indexes`.

Modules are imported only when their command runs, so `payaidctl --help` stays quick: the one-line help of a
command is the first line of its module's docstring, read as text.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = Path(__file__).parent / "commands"


def names() -> list[str]:
    """Every command, in the alphabet's order."""
    found = (path.stem for path in COMMANDS.glob("*.py") if not path.stem.startswith("_"))
    return sorted(stem.replace("_", "-") for stem in found)


def summary(name: str) -> str:
    """The first line of the command module's docstring."""
    source = COMMANDS / f"{name.replace('-', '_')}.py"
    with source.open(encoding="utf-8") as lines:
        return next(lines).strip().strip('"').rstrip(".")


def load(name: str) -> Any:
    """Import one command's module and make its click command: either `command()` or a Typer called `app`."""
    from importlib import import_module

    module = import_module(f"payaidctl.commands.{name.replace('-', '_')}")
    if isinstance(getattr(module, "app", None), typer.Typer):
        command = typer.main.get_command(module.app)
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name)(module.command)
        command = typer.main.get_command(single)
    command.name = name
    return command


class Commands(TyperGroup):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The folder's files."""
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return one command, or None for a name that no file has."""
        return load(cmd_name) if cmd_name in names() else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The overview, from docstrings alone: nothing is imported for it."""
        formatter.write(OVERVIEW)
        width = max(map(len, names()))
        for name in names():
            formatter.write(f"  {name.ljust(width)}  {summary(name)}\n")
        formatter.write(EPILOGUE)


OVERVIEW = """\
Usage: payaidctl COMMAND [OPTIONS]

  Proves that a PayAid system is ready for 10,000 concurrent users: the embedded
  stack that it starts itself, a staging cluster, or the existing production database.

Commands:
"""

EPILOGUE = """
Options:
  --version             Print the version and exit.
  --install-completion  Install completion for this shell.
  --help                Print this. `payaidctl COMMAND --help` has examples.

Exit status: 0 pass, 1 fail, 2 usage or configuration error, 3 inconclusive (could not look).

Examples:
  payaidctl gate                              # everything, on the embedded stack
  payaidctl verify-indexes --env-file .env    # are the 11 indexes right, and usable?
  payaidctl loadtest 1k && payaidctl readiness
"""

app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        from payaid import __version__

        typer.echo(f"payaidctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Measure, judge, score, tell."""


def main() -> None:
    """Run the command line; every expected error ends as a message with advice, never as a traceback."""
    from payaidctl.errors import OperatorError

    try:
        app()
    except OperatorError as error:
        from payaidctl.terminal import complain

        complain(error)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(130)
