"""Mail as values: templates become a message, a URL becomes a server. Nothing is sent here."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from payaid.content import content
from payaid.jobs.policy import Permanent

MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")
ATTACHED_LIMIT = 5_242_880


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `start_tls`: None takes it where it is offered, True insists."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def server(url: str) -> Server:
    """Read SMTP_URL. A password is never sent in clear, except to this machine itself.

    Raises:
        Permanent: not such a URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Permanent("SMTP_URL is not smtp://host:port or smtps://host:port")
    implicit = parts.scheme == "smtps"
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    insist = bool(username) and not _is_here(parts.hostname)
    return Server(
        parts.hostname, parts.port or (465 if implicit else 587), username, password, implicit,
        None if implicit else (insist or None),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    filename: str
    kind: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse what would break the message's headers."""
        if not MIME.fullmatch(self.kind) or not self.filename.isprintable() or not 0 < len(self.filename) <= 200:
            raise Permanent("an attachment has a file name and a type like application/pdf")


def attached(given: Sequence[Mapping[str, Any]]) -> list[Attachment]:
    """Attachments from a payload: small ones, because they wait in the table.

    Raises:
        Permanent: they are not what they should be, or too large.
    """
    try:
        found = [
            Attachment(str(one["filename"]), str(one["type"]), base64.b64decode(one["base64"], validate=True))
            for one in given
        ]
    except (KeyError, TypeError, binascii.Error) as error:
        raise Permanent("an attachment is {filename, type, base64}") from error
    if sum(len(one.content) for one in found) > ATTACHED_LIMIT:
        raise Permanent(f"attachments are over {ATTACHED_LIMIT} bytes together")
    return found


def compose(
    job_id: str, sender: str, recipient: str, template: str, values: Mapping[str, Any],
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:  # fmt: skip
    """The message: `templates/mail/<template>.txt.j2`, whose first line is its subject, and its .html.j2 if any.

    The Message-ID is made of the job's id, so a repeat after an uncertain end is one message to whoever looks.

    Raises:
        Permanent: no such template, a value it needs is missing, or an address is none.
    """
    folder = content("templates/mail")
    room = _room(folder)
    if not template.replace("-", "").isalnum() or not (folder / f"{template}.txt.j2").is_file():
        raise Permanent(f"no mail template named {template!r}")
    try:
        subject, _, text = room.get_template(f"{template}.txt.j2").render(values).partition("\n")
        message = EmailMessage(policy=SMTP)
        message["From"] = address(sender)
        message["To"] = address(recipient)
        message["Subject"] = subject.removeprefix("Subject:").strip()
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{job_id}@{address(sender).domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.strip() + "\n")
        if (folder / f"{template}.html.j2").is_file():
            message.add_alternative(room.get_template(f"{template}.html.j2").render(values), subtype="html")
        for one in attachments:
            kind, _, subtype = one.kind.partition("/")
            message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.filename)
    except (TemplateError, MessageError, ValueError) as error:
        raise Permanent(f"mail {template!r} cannot be written: {error}") from error
    return message


@cache
def _room(folder: Path) -> Environment:
    """The templates, compiled once; a file that an operator changes meanwhile is read again."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def address(text: str) -> Address:
    """One address, with or without a name.

    Raises:
        Permanent: it is none.
    """
    given = getaddresses([text])
    if len(given) != 1 or not text.isprintable():
        raise Permanent("not a mail address: it must be one, on one line")
    name, spec = given[0]
    try:
        found = Address(display_name=name, addr_spec=spec)
    except (ValueError, MessageError) as error:
        raise Permanent(f"not a mail address: {error}") from error
    if not found.username or ("." not in found.domain and found.domain != "localhost") or not spec.isascii():
        raise Permanent("not a mail address that can be sent to")
    return found


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
