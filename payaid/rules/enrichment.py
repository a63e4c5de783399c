"""What a model may add to a contact: a closed list of fields, only where they are empty, and only what is plausible."""

import re
from collections.abc import Mapping
from typing import Any

from payaid.rules.gstin import STATES, state_code

# The longest that each may be; nothing else is ever written.
MAY_WRITE = {"company": 200, "city": 100, "state": 100, "postalCode": 20, "country": 100}
# What the model is told of a contact: its own address and number are not its business.
TOLD = ("name", "company", "city", "state", "postalCode", "country", "gstin")
PIN = re.compile(r"[1-9][0-9]{5}")
HOME = "India"


def facts(contact: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent. Of the mail address the domain alone: it names the company, not the person."""
    domain = (contact.get("email") or "").rpartition("@")[2]
    told = {name: contact[name] for name in TOLD if contact.get(name)}
    return told | ({"emailDomain": domain} if domain else {})


def missing(contact: Mapping[str, Any]) -> list[str]:
    """The fields that might be filled in."""
    return [name for name in MAY_WRITE if not contact.get(name)]


def accepted(contact: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """(what may be written, the names of what was said and is not believed)."""
    country = contact.get("country") or _text(said, "country") or HOME
    taken = {}
    for name in missing(contact):
        text = _text(said, name)
        if text and (fit := _fit(name, text, country)):
            taken[name] = fit
    return taken, sorted(str(name)[:50] for name, value in said.items() if value and name not in taken)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= MAY_WRITE[name] else ""


def _fit(name: str, text: str, country: str) -> str:
    """The text as it is stored; empty where it cannot be right."""
    if country == HOME and name == "state":
        try:
            return STATES[state_code(text)]
        except ValueError:
            return ""
    if country == HOME and name == "postalCode":
        return text if PIN.fullmatch(text) else ""
    return text
