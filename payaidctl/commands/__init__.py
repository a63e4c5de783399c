"""A catalogue: what one can say to payaidctl, one file a command. Parse, call, tell; no more.

The module's docstring starts with the line that `payaidctl --help` shows. It defines `command()` (or, for
commands with words under them, a Typer called `app`), whose docstring ends in examples.
"""
