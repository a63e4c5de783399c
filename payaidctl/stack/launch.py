"""Start a program with the settings of an env file: `python -m payaidctl.stack.launch FILE PROGRAM ARGUMENT...`.

A secret in a command line is everybody's to read; in this file, and then in the process's environment, it is its
owner's. Run by the supervisor, not by people.
"""

import os
import sys
from pathlib import Path

from payaidctl.env_file import read_env_file


def main(file: str, program: str, *arguments: str) -> None:
    """Become the program."""
    os.execvpe(program, [program, *arguments], dict(os.environ) | read_env_file(Path(file)))  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
