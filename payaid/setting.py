"""How one setting is declared: its name, its group, its meaning and its rules, in one place."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

# Several values in one variable, separated by commas or spaces.
Words = Annotated[tuple[str, ...], Field()]


def setting(default: Any, name: str, group: str, meaning: str, *, secret: bool = False, **rules: Any) -> Any:
    """Declare one setting. `...` as default means: required."""
    extra: JsonDict = {"group": group, "secret": secret}
    return Field(default, alias=name, description=meaning, json_schema_extra=extra, **rules)


def split(value: Any) -> Any:
    """The words of a variable."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value
