"""SMS, sent to services on loopback that speak like MSG91 and Twilio."""

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest

from payaid.jobs.policy import Permanent
from payaid.jobs.sms.message import number
from tests.fixtures.jobs import Workplace
from tests.fixtures.outside import Answer, Receiver

VALUES = {
    "name": "Asha", "number": "INV/26-27/00001", "amount": "Rs 1,180.00", "due": "1 May 2026", "organisation": "North",
}  # fmt: skip
SAID = (
    "Dear Asha, invoice INV/26-27/00001 of Rs 1,180.00 was due on 1 May 2026."
    " Please pay at your earliest convenience. North"
)


def an_sms(to: str = "+91 98000-00000", **changed: Any) -> dict[str, Any]:
    return {"to": to, "template": "payment-reminder", "values": VALUES} | changed


def msg91(receiver: Receiver) -> dict[str, str]:
    receiver.usual = Answer(200, {"type": "success", "message": "3763646c3058373530393938"})
    return {
        "MSG91_AUTH_KEY": "a-key-of-a-test", "MSG91_URL": receiver.base,
        "MSG91_FLOWS": "other=1,payment-reminder=64f0aa",
    }  # fmt: skip


def twilio(receiver: Receiver, sender: str = "+12025550100") -> dict[str, str]:
    receiver.usual = Answer(201, {"sid": "SM1", "status": "queued"})
    return {
        "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "a-token-of-a-test", "TWILIO_FROM": sender,
        "TWILIO_URL": receiver.base,
    }  # fmt: skip


def test_msg91_gets_the_registered_flow_and_its_values(workplace: Workplace, receiver: Receiver) -> None:
    workplace.worker(**msg91(receiver))
    job = workplace.write("sms", an_sms())
    row = workplace.await_state(job, "done")
    assert row["result"] == {"provider": "msg91", "id": "3763646c3058373530393938"}
    assert (receiver.paths, receiver.seen[0][0]["authkey"]) == (["/api/v5/flow"], "a-key-of-a-test")
    assert receiver.json() == {
        "template_id": "64f0aa", "short_url": "0",
        "recipients": [VALUES | {"mobiles": "919800000000", "CRQID": job}],
    }  # fmt: skip


@pytest.mark.parametrize(("sender", "by"), [("+12025550100", "From"), ("MG1", "MessagingServiceSid")])
def test_twilio_gets_the_text(workplace: Workplace, receiver: Receiver, sender: str, by: str) -> None:
    workplace.worker(**twilio(receiver, sender))
    row = workplace.await_state(workplace.write("sms", an_sms()), "done")
    assert row["result"] == {"provider": "twilio", "id": "SM1"}
    headers, body = receiver.seen[0]
    assert receiver.paths == ["/2010-04-01/Accounts/AC1/Messages.json"]
    assert headers["authorization"] == "Basic " + base64.b64encode(b"AC1:a-token-of-a-test").decode()
    assert parse_qs(body.decode()) == {"To": ["+919800000000"], by: [sender], "Body": [SAID]}


@pytest.mark.parametrize("told", [Answer(0), Answer(500), Answer(201, b"<html>")])
def test_an_sms_whose_fate_is_unknown_waits_for_a_person(
    workplace: Workplace, receiver: Receiver, told: Answer
) -> None:
    settings = twilio(receiver)
    receiver.answers = [told]
    workplace.worker(**settings)
    row = workplace.await_state(workplace.write("sms", an_sms()), "uncertain")
    assert (row["uncertain"], len(receiver.seen)) == (1, 1)


def test_an_sms_that_was_surely_not_taken_is_sent_again(workplace: Workplace, receiver: Receiver) -> None:
    settings = twilio(receiver)
    receiver.answers = [Answer(429, {"message": "too many"}, {"Retry-After": "1"})]
    workplace.worker(**settings)
    row = workplace.await_state(workplace.write("sms", an_sms()), "done")
    assert (row["attempts"], row["uncertain"], len(receiver.seen)) == (1, 0, 2)


def test_what_a_provider_refuses_is_dead_at_once(workplace: Workplace, receiver: Receiver) -> None:
    settings = msg91(receiver)
    receiver.answers = [Answer(200, {"type": "error", "message": "template not approved"})]
    workplace.worker(**settings)
    refused = workplace.await_state(workplace.write("sms", an_sms()), "dead")
    assert "template not approved" in refused["error"]
    for payload, cause in [
        (an_sms(to="9800000000"), "E.164"),
        (an_sms(to="+912200000000"), "Indian mobile"),
        (an_sms(template="nothing"), "no SMS template"),
        (an_sms(template="../mail/notice"), "no SMS template"),
        (an_sms(values={}), "cannot be written"),
    ]:
        assert cause in workplace.await_state(workplace.write("sms", payload), "dead")["error"]
    assert len(receiver.seen) == 1


def test_a_template_without_a_flow_never_reaches_msg91(workplace: Workplace, receiver: Receiver) -> None:
    workplace.worker(**(msg91(receiver) | {"MSG91_FLOWS": "other=1"}))
    assert "MSG91_FLOWS" in workplace.await_state(workplace.write("sms", an_sms()), "dead")["error"]
    assert receiver.seen == []


def test_without_a_provider_no_sms_is_called_sent(workplace: Workplace) -> None:
    workplace.worker()
    assert "MSG91_AUTH_KEY" in workplace.await_state(workplace.write("sms", an_sms()), "dead")["error"]


@pytest.mark.parametrize("text", ["+1 (202) 555-0100", "+447700900123", "+919800000000"])
def test_numbers_with_their_country(text: str) -> None:
    assert number(text) == text.replace(" ", "").replace("(", "").replace(")", "").replace("-", "")


@pytest.mark.parametrize(
    "text", ["", "+", "+0123456789", "919800000000", "+9198000000001", "+1234567890123456", "+1９９９９９９９９"]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Permanent):
        number(text)
