"""The parts of a declared definition, split where SQL's grammar splits them. Pure; it resolves no names.

Only `structural` needs it: where temporary tables can be made, Postgres reads the declaration itself.
"""

import re
from dataclasses import dataclass

# A token keeps the space after it, so that what is joined again reads as it was written.
TOKEN = re.compile(r"""(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*|\s+|.)\s*""", re.DOTALL)
IDENTIFIER = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*')


@dataclass(frozen=True, slots=True)
class KeyText:
    """One key as written: a column or an expression, and what is said about it. Empty means the default."""

    text: str
    collation: str = ""
    opclass: str = ""
    options: str = ""
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def is_column(self) -> bool:
        """Whether it is a bare column, quoted or not."""
        return IDENTIFIER.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Parts:
    """A definition as written."""

    method: str
    keys: tuple[KeyText, ...]
    include: tuple[str, ...]
    nulls_not_distinct: bool
    predicate: str


def split(definition: str) -> Parts:
    """Split `[USING method] (keys) [INCLUDE (...)] [NULLS NOT DISTINCT] [WITH (...)] [WHERE ...]`."""
    tokens = TOKEN.findall(definition.strip())
    method = "btree"
    if _word(tokens[0]) == "USING":
        method, tokens = tokens[1].strip().lower(), tokens[2:]
    keys, tokens = _bracketed(tokens)
    include: list[list[str]] = []
    predicate = ""
    nulls_not_distinct = False
    while tokens:
        word = _word(tokens[0])
        if word == "INCLUDE":
            inside, tokens = _bracketed(tokens[1:])
            include = _commas(inside)
        elif word == "WITH":
            _, tokens = _bracketed(tokens[1:])
        elif word == "NULLS":
            nulls_not_distinct = _word(tokens[1]) == "NOT"
            tokens = tokens[3:] if nulls_not_distinct else tokens[2:]
        elif word == "WHERE":
            predicate, tokens = "".join(tokens[1:]).strip(), []
        else:
            tokens = tokens[1:]  # TABLESPACE name: where it lies is no part of what it means
    return Parts(
        method=method,
        keys=tuple(_key(part) for part in _commas(keys)),
        include=tuple("".join(part).strip() for part in include),
        nulls_not_distinct=nulls_not_distinct,
        predicate=predicate,
    )


def _key(tokens: list[str]) -> KeyText:
    """`column | function(...) | (expression)`, then COLLATE, operator class, direction, nulls: in that order."""
    text, rest = _expression(tokens)
    collation = opclass = options = ""
    if rest and _word(rest[0]) == "COLLATE":
        collation, rest = _name(rest[1:])
    if rest and _word(rest[0]) not in {"ASC", "DESC", "NULLS"}:
        opclass, rest = _name(rest)
        if rest and rest[0].strip() == "(":
            inside, rest = _bracketed(rest)
            options = ", ".join("".join(part).replace(" ", "") for part in _commas(inside))
    words = [_word(word) for word in rest]
    nulls_first = "FIRST" in words if "NULLS" in words else None
    return KeyText(text, collation, opclass, options, "DESC" in words, nulls_first)


def _expression(tokens: list[str]) -> tuple[str, list[str]]:
    if tokens[0].strip() == "(":
        inside, rest = _bracketed(tokens)
        return f"({''.join(inside)})", rest
    name, rest = _name(tokens)
    if rest and rest[0].strip() == "(":
        inside, rest = _bracketed(rest)
        return f"{name}({''.join(inside)})", rest
    return name, rest


def _name(tokens: list[str]) -> tuple[str, list[str]]:
    """A name, with its schema if it has one."""
    name, rest = tokens[0].strip(), tokens[1:]
    while len(rest) >= 2 and rest[0].strip() == ".":
        name, rest = f"{name}.{rest[1].strip()}", rest[2:]
    return name, rest


def _bracketed(tokens: list[str]) -> tuple[list[str], list[str]]:
    """What the first bracket holds, and what follows it."""
    depth = 0
    for position, token in enumerate(tokens):
        depth += _depth(token)
        if depth == 0:
            return tokens[1:position], tokens[position + 1 :]
    return tokens[1:], []


def _commas(tokens: list[str]) -> list[list[str]]:
    """The parts between commas that stand in no bracket."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += _depth(token)
        if token.strip() == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _depth(token: str) -> int:
    return {"(": 1, ")": -1}.get(token.strip(), 0)


def _word(token: str) -> str:
    return token.strip().upper()
