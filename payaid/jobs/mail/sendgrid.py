"""One mail through SendGrid's HTTP API (v3 mail/send), with the Message-ID that SMTP would have given it."""

import base64
from email.message import EmailMessage, MIMEPart
from typing import Any

from payaid.jobs import outside
from payaid.jobs.job import Job
from payaid.jobs.mail.message import address

# SendGrid writes these itself, and refuses a mail that brings them along.
THEIRS = frozenset({"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"})


async def send(job: Job, base: str, key: str, message: EmailMessage) -> str:
    """Have SendGrid take the message; its status and the id that it gave it.

    Raises:
        Permanent: 4xx but 429. Transient: 429, 503, no connection. Uncertain: else.
    """
    body = request(job.id, message)
    await job.act()
    answer = await outside.ask(
        job,
        "SendGrid",
        f"{base}/v3/mail/send",
        secret=key,
        json=body,
        headers={"Authorization": f"Bearer {key}"},
    )
    return f"{answer.status_code} {answer.headers.get('X-Message-Id', '')}".strip()


def request(job_id: str, message: EmailMessage) -> dict[str, Any]:
    """The message as their API wants it; plain text comes first, as it must."""
    parts = [part for kind in ("plain", "html") if (part := message.get_body((kind,)))]
    wanted: dict[str, Any] = {
        "personalizations": [{"to": [_party(str(message["To"]))]}],
        "from": _party(str(message["From"])),
        "subject": str(message["Subject"]),
        "content": [{"type": part.get_content_type(), "value": part.get_content()} for part in parts],
        "headers": {name: str(value) for name, value in message.items() if name.lower() not in THEIRS},
        "custom_args": {"job": job_id},
    }
    if attached := [_attachment(part) for part in message.iter_attachments()]:
        wanted["attachments"] = attached
    return wanted


def _party(text: str) -> dict[str, str]:
    found = address(text)
    named = {"name": found.display_name} if found.display_name else {}
    return {"email": found.addr_spec} | named


def _attachment(part: MIMEPart) -> dict[str, str]:
    data = part.get_payload(decode=True)  # the bytes: get_content() would decode text, by a charset it guesses
    return {
        "content": base64.b64encode(data if isinstance(data, bytes) else b"").decode(),
        "type": part.get_content_type(),
        "filename": part.get_filename() or "attachment",
        "disposition": "attachment",
    }
