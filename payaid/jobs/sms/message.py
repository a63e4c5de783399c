"""An SMS as a value: a number that is one, and the text of a template. Nothing is sent here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from payaid.content import content
from payaid.jobs.policy import Permanent

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# India's numbers have ten digits after +91, and mobiles begin with 6 to 9.
INDIAN_MOBILE = re.compile(r"\+91[6-9][0-9]{9}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Ten parts of a text that is not plain GSM: beyond it, a template has gone wrong.
LONGEST = 670


@dataclass(frozen=True, slots=True)
class Sms:
    """One message. In India the operators know the template and take its values; elsewhere the text is sent."""

    to: str
    template: str
    values: dict[str, str]
    text: str


def compose(to: str, template: str, values: Mapping[str, Any]) -> Sms:
    """The message that `templates/sms/<template>.txt.j2` makes of these values.

    Raises:
        Permanent: the number is none, there is no such template, or a value it needs is missing.
    """
    folder = content("templates/sms")
    if not NAME.fullmatch(template) or not (folder / f"{template}.txt.j2").is_file():
        raise Permanent(f"no SMS template named {template!r}")
    try:
        text = " ".join(_room(folder).get_template(f"{template}.txt.j2").render(values).split())
    except TemplateError as error:
        raise Permanent(f"SMS {template!r} cannot be written: {error}") from error
    if not 0 < len(text) <= LONGEST:
        raise Permanent(f"SMS {template!r} has {len(text)} characters; at most {LONGEST} can be sent")
    return Sms(number(to), template, {name: str(value) for name, value in values.items()}, text)


@cache
def _room(folder: Path) -> Environment:
    return Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=False)  # noqa: S701


def number(text: str) -> str:
    """A number in E.164, with spaces and dashes forgiven.

    Raises:
        Permanent: it is none, or lacks its country.
    """
    given = re.sub(r"[ \-().]", "", text)
    if not E164.fullmatch(given):
        raise Permanent("not a number in E.164: +, the country's code and the number, +919800000000")
    if given.startswith("+91") and not INDIAN_MOBILE.fullmatch(given):
        raise Permanent("not an Indian mobile number: +91 and ten digits, of which the first is 6 to 9")
    return given
