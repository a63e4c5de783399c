"""Send one mail to one address over SMTP: what the server says decides, and nothing is called sent that was not."""

from typing import Any

import aiosmtplib

from payaid.jobs.job import Job
from payaid.jobs.mail import Server, address, compose, server
from payaid.jobs.policy import Effect, Permanent, Policy, Transient

POLICY = Policy(Effect.OUTWARD, deadline_s=60.0)
ANSWER_S = 20.0


async def run(job: Job) -> Any:
    """Send payload {to, template, values}; the server's word for having taken it."""
    settings = job.services.settings
    if settings.smtp_url is None or not settings.mail_from:
        raise Permanent("SMTP_URL or MAIL_FROM is not set: no mail can be sent")
    recipient = str(job.payload["to"])
    message = compose(
        job.id, settings.mail_from, recipient, str(job.payload["template"]), job.payload.get("values") or {}
    )
    smtp = await _connected(server(settings.smtp_url.get_secret_value()))
    try:
        await _envelope(smtp, address(settings.mail_from).addr_spec, address(recipient).addr_spec)
        await job.act()
        # From the first byte of the text on, an end without an answer leaves it open whether the mail was taken.
        answer = await _text(smtp, message.as_bytes())
    finally:
        smtp.close()
    return {"messageId": message["Message-ID"], "answer": answer}


async def _connected(at: Server) -> aiosmtplib.SMTP:
    smtp = aiosmtplib.SMTP(
        hostname=at.host, port=at.port, username=at.username, password=at.password,
        use_tls=at.use_tls, start_tls=at.start_tls, timeout=ANSWER_S,
    )  # fmt: skip
    try:
        await smtp.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        smtp.close()
        raise Transient(f"{at.host}:{at.port}: {error}") from error
    return smtp


async def _envelope(smtp: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
    try:
        await smtp.mail(sender, encoding="ascii")
        await smtp.rcpt(recipient, encoding="ascii")
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Transient(f"before the mail was sent: {error}") from error


async def _text(smtp: aiosmtplib.SMTP, text: bytes) -> str:
    try:
        answer = await smtp.data(text)
    except aiosmtplib.SMTPDataError as error:
        raise _refused(error) from error
    return f"{answer.code} {answer.message}"


def _refused(error: aiosmtplib.SMTPResponseException) -> Exception:
    """4xx: not now. 5xx: never."""
    said = f"the server answered {error.code} {error.message}"
    return Transient(said) if 400 <= error.code < 500 else Permanent(said)
