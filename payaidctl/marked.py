"""YAML that remembers where each thing stood, so that every complaint names file:line."""

from pathlib import Path
from typing import Any

import yaml

from payaidctl.errors import UsageError


class Marked(dict[str, Any]):
    """A mapping that knows its file, its own line and the line of each key."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line
        self.lines: dict[str, int] = {}

    def at(self, key: str | None = None) -> str:
        """`file:line` of a key, or of the mapping itself."""
        line = self.line if key is None else self.lines.get(key, self.line)
        return f"{self.path}:{line}"


# The C parser keeps marks too and reads fifty checks in a tenth of the time; not every build of PyYAML has it.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    path: Path

    def marked(self, node: yaml.MappingNode) -> Marked:
        """Build one mapping, refusing a key that is there twice: YAML would silently keep the last."""
        found = Marked(self.path, node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key = str(self.construct_object(key_node, deep=True))
            line = key_node.start_mark.line + 1
            if key in found:
                raise UsageError(f"{self.path}:{line}: `{key}` is there twice", "keep one of them")
            found[key] = self.construct_object(value_node, deep=True)
            found.lines[key] = line
        return found


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.marked)


def read(path: Path) -> Marked:
    """The file's one mapping.

    Raises:
        UsageError: it cannot be read, is no YAML, or is no mapping; the message names file:line.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name an existing file") from error
    loader.path = path
    try:
        document = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: not YAML: {error.problem}", "mend the file") from error
    finally:
        loader.dispose()
    if not isinstance(document, Marked):
        raise UsageError(f"{path}:1: not a mapping of names to values", "mend the file")
    return document
