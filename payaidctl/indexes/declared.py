"""What should exist: one index a file in `sql/indexes/<set>/<name>.sql`, a header and one statement.

The header's keys: `serves` (the API request whose statement the index must carry), `why`, and `probe` (a plain
query for databases that lack our other columns and functions). `{column}` in either stands for that column's value
in a real row of the table. A line that goes on is indented by two more spaces.
"""

import fnmatch
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from payaid.content import content, content_root
from payaidctl.errors import UsageError

SETS = "sql/indexes"
KEYS = ("serves", "why", "probe")
IDENTIFIER = r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)'
STATEMENT = re.compile(
    rf"CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?P<name>{IDENTIFIER})\s+ON\s+(?P<table>{IDENTIFIER})"
    r"\s*(?P<definition>(?:USING\b|\().+)",
    re.IGNORECASE | re.DOTALL,
)
# White space outside quotes: the group keeps what is quoted.
QUOTED_OR_SPACE = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|\s+""")
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# PostgreSQL cuts longer names off without a word, and two such names may then be one.
NAME_BYTES = 63


@dataclass(frozen=True, slots=True)
class Declaration:
    """One index as its file declares it. `definition` is all that follows the table's name."""

    name: str
    table: str
    unique: bool
    definition: str
    serves: str
    why: str
    probe: str
    index_set: str
    path: Path

    @property
    def statement(self) -> str:
        """The statement as declared, on one line."""
        return render(self)


def render(
    declared: Declaration,
    *,
    name: str = "",
    table: str = "",
    concurrently: bool = False,
) -> str:
    """The CREATE INDEX statement; `table` is SQL text (already quoted, `ONLY` and all), `name` a bare name."""
    unique = "UNIQUE " if declared.unique else ""
    how = "CONCURRENTLY " if concurrently else ""
    target = table or quote(declared.table)
    return f"CREATE {unique}INDEX {how}{quote(name or declared.name)} ON {target} {declared.definition}"


def quote(name: str) -> str:
    """The identifier as SQL text, quoted only where Postgres needs it for a name like ours."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


# Of the reserved words, those that a table or an index could well be called.
RESERVED = frozenset(
    """
    all analyse analyze and any array as asc both case cast check collate column constraint create default desc
    distinct do else end except false fetch for foreign from grant group having in initially intersect into leading
    limit not null offset on only or order placing primary references returning select some table then to trailing
    true union unique user using when where window with
    """.split()  # noqa: SIM905
)


def temporary(name: str) -> str:
    """What an index is called while it is rebuilt beside the one whose place it will take."""
    return shortened(name, "__new")


def retired(name: str) -> str:
    """What the replaced index is called between the swap and its drop."""
    return shortened(name, "__old")


def kept(name: str) -> str:
    """What a replaced index is called that enforces something, and so is not ours to drop."""
    return shortened(name, "__kept")


def on_partition(name: str, partition: str) -> str:
    """What the index of one partition is called."""
    return shortened(f"{partition}_{name}", "")


def shortened(name: str, suffix: str) -> str:
    """`name` and `suffix` within the length of a name: what is cut off is stood for by a digest."""
    if len((name + suffix).encode()) <= NAME_BYTES:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    room = NAME_BYTES - len(suffix) - len(digest) - 1
    return f"{name.encode()[:room].decode(errors='ignore')}_{digest}{suffix}"


def sets() -> list[str]:
    """The sets that exist: the folders under `sql/indexes`, ours and the operator's."""
    return sorted({folder.name for root in _roots() for folder in root.iterdir() if folder.is_dir()})


def declarations(index_set: str, only: Sequence[str] = ()) -> list[Declaration]:
    """The declarations of a set, or of all sets for `all`, by name; `only` holds names or patterns (`idx_deal_*`).

    Raises:
        UsageError: no such set, a pattern that matches nothing, or a file that does not declare an index.
    """
    known = sets()
    if index_set != "all" and index_set not in known:
        raise UsageError(f"there is no index set {index_set!r}", f"sets: {', '.join(known)}, all")
    chosen = known if index_set == "all" else [index_set]
    found = [parse(path, one) for one in chosen for path in _files(one)]
    _refuse_twice(found)
    return pick(found, only)


def pick(found: Sequence[Declaration], only: Sequence[str]) -> list[Declaration]:
    """Those whose name matches one of the patterns; all of them without patterns."""
    for pattern in only:
        if not fnmatch.filter([one.name for one in found], pattern):
            names = ", ".join(one.name for one in found)
            raise UsageError(f"no declared index is called {pattern!r}", f"there are: {names}")
    return [one for one in found if not only or any(fnmatch.fnmatchcase(one.name, pattern) for pattern in only)]


def parse(path: Path, index_set: str) -> Declaration:
    """Read one file.

    Raises:
        UsageError: it is not a declaration; the message begins with `file:line`.
    """
    text = path.read_text(encoding="utf-8")
    header, first = _header(path, text.splitlines())
    body = "\n".join(text.splitlines()[first:]).strip().removesuffix(";").rstrip()
    where = f"{path}:{first + 1}"
    if ";" in QUOTED_OR_SPACE.sub("", body):
        raise UsageError(f"{where}: more than one statement", "one file declares one index")
    match = STATEMENT.fullmatch(body)
    if match is None:
        raise UsageError(
            f"{where}: not a plain `CREATE [UNIQUE] INDEX name ON table (...)`",
            "how it is built (CONCURRENTLY, schema, ONLY) is decided when it is built",
        )
    name = unquote(match["name"])
    if name != path.stem:
        raise UsageError(f"{where}: declares {name}, in a file called {path.name}", "call both the same")
    if len(name.encode()) > NAME_BYTES:
        raise UsageError(f"{where}: {name} is longer than {NAME_BYTES} bytes", "choose a shorter name")
    return Declaration(
        name=name,
        table=unquote(match["table"]),
        unique=bool(match["unique"]),
        definition=QUOTED_OR_SPACE.sub(lambda space: space[1] or " ", match["definition"]),
        index_set=index_set,
        path=path,
        **header,
    )


def unquote(identifier: str) -> str:
    """The name that the identifier means: unquoted ones fold to lower case, as everywhere in Postgres."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def _header(path: Path, lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """The header's values, and the number of its lines."""
    values: dict[str, str] = {}
    key = ""
    for number, line in enumerate(lines):
        if not line.startswith("--"):
            _complete(path, values)
            return values, number
        if line.startswith("--   ") and key:
            values[key] += " " + line[5:].strip()
            continue
        key, colon, value = (part.strip() for part in line[2:].partition(":"))
        if not colon or key not in KEYS or key in values:
            raise UsageError(
                f"{path}:{number + 1}: expected one of `-- {': `, `-- '.join(KEYS)}:`, each once",
                "indent a line that goes on by two more spaces",
            )
        values[key] = value
    raise UsageError(f"{path}:{len(lines) + 1}: no statement", "a header and one CREATE INDEX statement")


def _complete(path: Path, values: dict[str, str]) -> None:
    for key in KEYS:
        if not values.get(key):
            raise UsageError(f"{path}:1: the header has no `{key}`", f"every declaration has: {', '.join(KEYS)}")


def _refuse_twice(found: Iterable[Declaration]) -> None:
    seen: dict[str, Declaration] = {}
    for one in found:
        if one.name in seen:
            raise UsageError(f"{one.path}:1: {one.name} is declared twice", f"the other is {seen[one.name].path}")
        seen[one.name] = one


def _roots() -> list[Path]:
    own = os.environ.get("PAYAID_CONTENT")
    roots = [content_root() / SETS] + ([Path(own) / SETS] if own else [])
    return [root for root in roots if root.is_dir()]


def _files(index_set: str) -> list[Path]:
    """The set's files; an operator's own file takes the place of ours of the same name."""
    names = {path.name for root in _roots() for path in (root / index_set).glob("*.sql")}
    return [content(f"{SETS}/{index_set}/{name}") for name in sorted(names)]
