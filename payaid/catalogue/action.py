"""A verb: `POST {collection}/{id}/{verb}`, `POST {collection}/{verb}`, or a POST of its own such as `reports`.

What it does is a pure rule, `(input, asked) -> Outcome`: the service carries the outcome out in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from payaid.catalogue.field import Field

Row = dict[str, Any]


class Asked(NamedTuple):
    """What a rule may know beside its input.

    `current` is the row that the verb is called on, locked; `related` holds the rows that it refers to, by the
    column in `Action.reads` (None: it refers to none). `upload` names the stored body of an upload.
    """

    now: datetime
    tenant: str
    user: str
    current: Row
    related: Mapping[str, Row | None]
    upload: str = ""


@dataclass(frozen=True, slots=True)
class JobAsked:
    """A background job to be written; the words are those of payaid.jobs.outbox.enqueue."""

    task: str
    payload: Row
    priority: str = "medium"
    dedupe: str | None = None
    ordered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb does, all of it in one transaction.

    `changes`: the row itself changes as if by a PATCH. `job`: a job is written, the answer is 202 and the job.
    `made`: a row of the resource `Action.makes` is made as if by a POST, the answer is 201 and the row. `needs`: a
    right that the caller must have for this input, beside the verb's own: `finance:read`.
    """

    job: JobAsked | None = None
    made: Row | None = None
    changes: Row = field(default_factory=dict)
    needs: str = ""


Rule = Callable[[Row, Asked], Outcome]


@dataclass(frozen=True)
class Action:
    """A verb, declared in the file of its resource.

    `title`: one line for the API's reference. `rule` may raise BrokenRules (422). `on_item=False`: a verb of the
    collection. `fields`: the JSON body, validated as a POST's is; none: no body is needed. `grant`: what the caller
    must be allowed in the module. `cost`: what the limiter charges. `makes`: the resource of which it makes a row;
    empty: it writes a job. `reads`: reference columns of the row whose rows the rule needs; `alone`: the module of a
    verb that belongs to no resource. `uploads`: the media types of a body that is stored, not parsed; then `fields`
    are the query's.
    """

    name: str
    title: str
    rule: Rule
    fields: tuple[Field, ...] = ()
    on_item: bool = True
    grant: str = "write"
    cost: int = 1
    makes: str = ""
    reads: tuple[str, ...] = ()
    alone: str = ""
    uploads: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The canonical path below the version, of a verb that belongs to no resource."""
        return f"{self.alone}/{self.name}"
