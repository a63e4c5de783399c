"""MSG91 (India): its v5 flows, which hold the text that the operators have registered (DLT)."""

from collections.abc import Mapping

from payaid.jobs import outside
from payaid.jobs.job import Job
from payaid.jobs.policy import Permanent, Uncertain
from payaid.jobs.sms.message import Sms


class Msg91:
    """Sends a template's values by the flow that is registered for it."""

    def __init__(self, base: str, key: str, flows: Mapping[str, str]) -> None:
        self._base = base
        self._key = key
        self._flows = flows

    def check(self, sms: Sms) -> None:
        """Refuse a template without a flow."""
        if sms.template not in self._flows:
            raise Permanent(f"MSG91_FLOWS names no flow for the SMS template {sms.template!r}")

    async def send(self, job: Job, sms: Sms) -> dict[str, str]:
        """One flow to one number. MSG91 may say `error` with status 200."""
        recipient = {**sms.values, "mobiles": sms.to.removeprefix("+"), "CRQID": job.id}
        wanted = {"template_id": self._flows[sms.template], "short_url": "0", "recipients": [recipient]}
        answer = await outside.ask(
            job,
            "MSG91",
            f"{self._base}/api/v5/flow",
            secret=self._key,
            json=wanted,
            headers={"authkey": self._key},
        )
        try:
            said = answer.json()
            kind, message = said["type"], str(said["message"])
        except (ValueError, KeyError, TypeError) as error:
            raise Uncertain("MSG91 answered something that is not its own") from error
        if kind != "success":
            raise Permanent(f"MSG91 answered {kind}: {message[:300]}")
        return {"provider": "msg91", "id": message}
