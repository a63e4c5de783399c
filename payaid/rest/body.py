"""The body of a write, validated by a model made from the resource's fields: all mistakes at once, by pointer."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import orjson
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from payaid.catalogue import Action, Kind, Resource
from payaid.catalogue import Field as Declared
from payaid.errors import BadRequest, Invalid, UnsupportedMedia

EMAIL = r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$"
PHONE = r"^\+?[0-9][0-9 ()-]{5,18}[0-9]$"
GSTIN = r"^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$"
MONEY_BOUND = Decimal(10) ** 12


def no_nul(value: Any) -> Any:
    """A check of texts: PostgreSQL has no place for that character."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("contains a NUL character, which cannot be stored")
    return value


def _zoned(value: Any) -> Any:
    """A date stands for its first moment in India; a time without a zone is refused further on."""
    if isinstance(value, str) and len(value) == len("2026-04-01"):
        return f"{value}T00:00:00+05:30"
    return value


def _not_float_dust(value: Any) -> Any:
    # JSON numbers are floats on their way through most clients; their text is what was meant.
    return str(value) if isinstance(value, float) else value


class InvoiceLine(BaseModel):
    """One line of an invoice: quantity times price less discount, taxed by its own rate."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, BeforeValidator(no_nul), Field(min_length=1, max_length=500)]
    hsnCode: Annotated[str, Field(pattern=r"^\d{4,8}$")] | None = None  # noqa: N815  # the API's name
    quantity: Annotated[Decimal, BeforeValidator(_not_float_dust), Field(gt=0, lt=MONEY_BOUND, decimal_places=3)]
    unitPrice: Annotated[Decimal, BeforeValidator(_not_float_dust), Field(ge=0, lt=MONEY_BOUND, decimal_places=2)]  # noqa: N815
    discount: Annotated[Decimal, BeforeValidator(_not_float_dust), Field(ge=0, lt=MONEY_BOUND, decimal_places=2)] = (
        Decimal(0)
    )
    gstRate: Annotated[Decimal, BeforeValidator(_not_float_dust), Field(ge=0, le=100)] | None = None  # noqa: N815
    treatment: Literal["taxable", "exempt", "non_gst"] = "taxable"


def kind_of(declared: Declared) -> Any:
    """The Pydantic type of a field."""
    match declared.kind:
        case Kind.CHOICE:
            return Literal[declared.choices]
        case Kind.EMAIL:
            return Annotated[str, BeforeValidator(no_nul), Field(pattern=EMAIL, max_length=254)]
        case Kind.PHONE:
            return Annotated[str, Field(pattern=PHONE)]
        case Kind.GSTIN:
            return Annotated[str, Field(pattern=GSTIN)]
        case Kind.REFERENCE:
            return Annotated[str, BeforeValidator(no_nul), Field(min_length=1, max_length=64)]
        case Kind.MONEY:
            low = Decimal(str(declared.minimum)) if declared.minimum is not None else -MONEY_BOUND
            rule = Field(ge=low, lt=MONEY_BOUND, decimal_places=2)
            return Annotated[Decimal, BeforeValidator(_not_float_dust), rule]
        case Kind.NUMBER:
            return Annotated[float, Field(ge=declared.minimum, le=declared.maximum, allow_inf_nan=False)]
        case Kind.INTEGER:
            return Annotated[int, Field(ge=declared.minimum, le=declared.maximum)]
        case Kind.BOOLEAN:
            return bool
        case Kind.INSTANT:
            between = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
            return Annotated[AwareDatetime, BeforeValidator(_zoned), between]
        case _:
            return _collection_or_text(declared)


def _collection_or_text(declared: Declared) -> Any:
    if declared.kind is Kind.TAGS:
        tag = Annotated[str, BeforeValidator(no_nul), Field(min_length=1, max_length=50)]
        return Annotated[list[tag], Field(max_length=50)]
    if declared.kind is Kind.LINES:
        return Annotated[list[InvoiceLine], Field(min_length=1, max_length=200)]
    if declared.kind is Kind.COLUMNS:
        column: Any = Literal[declared.choices]
        return Annotated[list[column], Field(min_length=1, max_length=200)]
    if declared.kind is Kind.FILTERS:
        return Annotated[dict[str, str], Field(max_length=50)]
    shortest = 1 if declared.required else 0
    return Annotated[str, BeforeValidator(no_nul), Field(min_length=shortest, max_length=declared.max_length)]


@cache
def model(resource: Resource, operation: str) -> type[BaseModel]:
    """What a POST (`create`) or a PATCH (`update`) may send. Unknown fields are refused, not ignored."""
    fields = dict(_members(tuple(resource.fields), required=operation == "create"))
    if resource.lines and operation == "create":
        lines = resource.lines
        members: Any = dict(_members(lines.fields, required=True))
        line = create_model(f"{resource.title}_{lines.field}", __config__=ConfigDict(extra="forbid"), **members)
        fields[lines.field] = (Annotated[list[line], Field(min_length=1, max_length=200)], ...)  # type: ignore[valid-type]
    name = f"{resource.title}_{operation}"
    made: Any = fields
    return create_model(name, __config__=ConfigDict(extra="forbid", title=name), **made)


@cache
def action_model(action: Action) -> type[BaseModel]:
    """What a verb may be sent."""
    members: Any = dict(_members(action.fields, required=True))
    return create_model(action.name, __config__=ConfigDict(extra="forbid", title=action.name), **members)


def _members(declared: tuple[Declared, ...], *, required: bool) -> list[tuple[str, tuple[Any, Any]]]:
    members = []
    for one in declared:
        if not one.writable:
            continue
        kind = kind_of(one)
        if one.nullable and not one.required:
            kind = kind | None
        described = Field(... if one.required and required else None, description=one.about or None)
        members.append((one.name, (kind, described)))
    return members


def parse_json(content_type: str, body: bytes) -> Any:
    """The body as JSON.

    Raises:
        UnsupportedMedia, BadRequest: it is something else, or broken; the message says where.
    """
    if content_type.partition(";")[0].strip().lower() not in {"application/json", ""}:
        raise UnsupportedMedia(f"The body is {content_type[:100]}, not application/json.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"The body is not JSON: {error.msg} at {where}.") from None


def validated(schema: type[BaseModel], given: Any) -> dict[str, Any]:
    """What was given, as values of the fields' types; only what was given.

    Raises:
        Invalid: with every mistake's JSON pointer.
    """
    try:
        return schema.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as error:
        found = [
            {"pointer": pointer(one["loc"]), "detail": str(one["msg"]).removeprefix("Value error, ")}
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid(f"{found[0]['pointer'] or 'The body'}: {found[0]['detail']}", errors=found[:50]) from None


def from_query(schema: type[BaseModel], query: str) -> dict[str, Any]:
    """The same for a query.

    Raises:
        BadRequest: with every mistake as `query:name`.
    """
    try:
        return validated(schema, dict(parse_qsl(query, keep_blank_values=True)))
    except Invalid as error:
        wrong = [{**one, "pointer": f"query:{one['pointer'].removeprefix('/')}"} for one in error.errors]
        raise BadRequest(f"{wrong[0]['pointer']}: {wrong[0]['detail']}", errors=wrong) from None


def pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(word).replace('~', '~0').replace('/', '~1')}" for word in location)
