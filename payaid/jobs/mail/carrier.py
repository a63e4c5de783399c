"""Who carries the mail: SMTP or SendGrid, whichever is configured. To a task they are one thing."""

from email.message import EmailMessage
from typing import Any

from payaid.jobs.job import Job
from payaid.jobs.mail import sendgrid, smtp
from payaid.jobs.policy import Permanent
from payaid.settings import Settings


def sender(settings: Settings) -> str:
    """The address that mail comes from.

    Raises:
        Permanent: no mail can be sent from here.
    """
    if not configured(settings):
        raise Permanent("SMTP_URL (or SENDGRID_API_KEY) or MAIL_FROM is not set: no mail can be sent")
    return settings.mail_from


def configured(settings: Settings) -> bool:
    """Can mail be sent at all?"""
    return bool(settings.mail_from and (settings.smtp_url or settings.sendgrid_key))


async def deliver(job: Job, message: EmailMessage) -> dict[str, Any]:
    """Send it, and answer {messageId, answer}: what the server said. Acts on behalf of the job.

    Raises:
        Permanent: it was refused for good.
        Transient: it was not taken now.
        Uncertain: nobody knows whether it was taken.
    """
    settings = job.services.settings
    if settings.smtp_url:
        answer = await smtp.send(job, settings.smtp_url.get_secret_value(), message)
    elif settings.sendgrid_key:
        answer = await sendgrid.send(job, settings.sendgrid_url, settings.sendgrid_key.get_secret_value(), message)
    else:
        raise Permanent("SMTP_URL or SENDGRID_API_KEY is not set: no mail can be sent")
    return {"messageId": str(message["Message-ID"]), "answer": answer}
