"""One mail over SMTP: what the server says decides, and nothing is called sent that was not."""

from email.message import EmailMessage

import aiosmtplib

from payaid.jobs.job import Job
from payaid.jobs.mail.message import Server, address, server
from payaid.jobs.policy import Permanent, Transient

ANSWER_S = 20.0


async def send(job: Job, url: str, message: EmailMessage) -> str:
    """Have the server at SMTP_URL take the message; its words.

    Raises:
        Permanent: 5xx.
        Transient: 4xx, or no connection.
    """
    smtp = await _connected(server(url))
    try:
        await _envelope(smtp, address(str(message["From"])).addr_spec, address(str(message["To"])).addr_spec)
        await job.act()
        # From the first byte of the text on, an end without an answer leaves it open whether the mail was taken.
        return await _text(smtp, message.as_bytes())
    finally:
        smtp.close()


async def _connected(at: Server) -> aiosmtplib.SMTP:
    smtp = aiosmtplib.SMTP(
        hostname=at.host, port=at.port, username=at.username, password=at.password,
        use_tls=at.use_tls, start_tls=at.start_tls, timeout=ANSWER_S,
    )  # fmt: skip
    try:
        await smtp.connect()
    except aiosmtplib.SMTPAuthenticationError as error:
        smtp.close()
        raise _refused(error) from error
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
