"""Twilio (anywhere): its Messages resource, which takes the text itself."""

from payaid.jobs import outside
from payaid.jobs.job import Job
from payaid.jobs.policy import Uncertain
from payaid.jobs.sms.message import Sms


class Twilio:
    """Sends a text from a number, or from a messaging service (MG...)."""

    def __init__(self, base: str, account: str, token: str, sender: str) -> None:
        self._base = base
        self._account = account
        self._token = token
        self._sender = sender

    def check(self, _sms: Sms) -> None:
        """It sends any text."""

    async def send(self, job: Job, sms: Sms) -> dict[str, str]:
        """One message; 201 with its SID."""
        by = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        answer = await outside.ask(
            job, "Twilio", f"{self._base}/2010-04-01/Accounts/{self._account}/Messages.json",
            secret=self._token,
            data={"To": sms.to, by: self._sender, "Body": sms.text}, auth=(self._account, self._token),
        )  # fmt: skip
        try:
            return {"provider": "twilio", "id": str(answer.json()["sid"])}
        except (ValueError, KeyError, TypeError) as error:
            raise Uncertain("Twilio answered something that is not its own") from error
