"""Who carries an SMS: the protocol, and which provider is configured."""

from typing import Protocol

from payaid.jobs.job import Job
from payaid.jobs.policy import Permanent
from payaid.jobs.sms.message import Sms
from payaid.jobs.sms.msg91 import Msg91
from payaid.jobs.sms.twilio import Twilio
from payaid.settings import Settings


class Provider(Protocol):
    """One carrier."""

    def check(self, sms: Sms) -> None:
        """Refuse what it could not send, before anything is sent.

        Raises:
            Permanent: saying why.
        """

    async def send(self, job: Job, sms: Sms) -> dict[str, str]:
        """Have it taken; {provider, id}: under which id it is known there.

        Raises:
            Permanent: refused. Transient: not taken now. Uncertain: nobody knows.
        """


def provider(settings: Settings) -> Provider:
    """The provider that the settings name.

    Raises:
        Permanent: none is set.
    """
    if settings.msg91_key:
        flows = dict(word.partition("=")[::2] for word in settings.msg91_flows)
        return Msg91(settings.msg91_url, settings.msg91_key.get_secret_value(), flows)
    if settings.twilio_token:
        token = settings.twilio_token.get_secret_value()
        return Twilio(settings.twilio_url, settings.twilio_account, token, settings.twilio_from)
    raise Permanent("neither MSG91_AUTH_KEY nor TWILIO_AUTH_TOKEN is set: no SMS can be sent")
