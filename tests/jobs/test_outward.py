"""Mail and webhooks, sent to real servers on loopback."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.fixtures.jobs import Workplace
from tests.fixtures.outside import Answer, Mailbox, Receiver

SECRET = "a-secret-of-a-webhook-in-a-test"


def a_mail(to: str = "asha@example.in", **values: Any) -> dict[str, Any]:
    given = {"title": "Your invoice", "lines": ["₹ 1,18,000.00 <due>"], "organisation": "North"} | values
    return {"to": to, "template": "notice", "values": given}


def test_a_mail_is_taken_by_the_server_with_a_stable_id(workplace: Workplace, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    box.answers = ["451 come again"]
    workplace.worker(SMTP_URL=url, MAIL_FROM="PayAid <billing@payaid.example>")
    job = workplace.write("email", a_mail(title="बिल"))
    row = workplace.await_state(job, "done")
    (mail,) = box.taken
    assert (row["attempts"], row["uncertain"], row["result"]["answer"]) == (1, 0, "250 taken")
    assert mail["Message-ID"] == f"<{job}@payaid.example>" == row["result"]["messageId"]
    assert (mail["Subject"], mail["To"], mail["From"]) == (
        "बिल", "asha@example.in", "PayAid <billing@payaid.example>",
    )  # fmt: skip
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "₹ 1,18,000.00 <due>" in text.get_content()
    assert "₹ 1,18,000.00 &lt;due&gt;" in page.get_content()


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (a_mail(to="nobody"), "not a mail address"),
        (a_mail(to="a@b.example\r\nBcc: c@d.example"), "not a mail address"),
        (a_mail() | {"template": "../../etc/passwd"}, "no mail template"),
        (a_mail() | {"values": {"title": "half"}}, "cannot be written"),
        (a_mail(to="refused@example.in"), "550"),
    ],
)
def test_a_mail_that_can_never_be_sent_is_dead_at_once(
    workplace: Workplace, mailbox: tuple[Mailbox, str], payload: dict[str, Any], cause: str
) -> None:
    box, url = mailbox
    box.answers = ["550 no such person"]
    workplace.worker(SMTP_URL=url, MAIL_FROM="billing@payaid.example")
    row = workplace.await_state(workplace.write("email", payload), "dead")
    assert cause in row["error"]
    assert (row["attempts"], box.taken) == (1, [])


def test_an_attachment_arrives_as_it_was_given(workplace: Workplace, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    workplace.worker(SMTP_URL=url, MAIL_FROM="billing@payaid.example")
    sent = bytes(range(256)) * 40
    given = {"filename": "बिल.pdf", "type": "application/pdf", "base64": base64.b64encode(sent).decode()}
    workplace.await_state(workplace.write("email", a_mail() | {"attachments": [given]}), "done")
    (part,) = box.taken[0].iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == ("बिल.pdf", "application/pdf", sent)
    broken = a_mail() | {"attachments": [given | {"type": "application/pdf\r\nX: y"}]}
    assert "type like" in workplace.await_state(workplace.write("email", broken), "dead")["error"]


def sendgrid(receiver: Receiver) -> dict[str, str]:
    return {
        "SENDGRID_API_KEY": "SG.a-key-of-a-test", "SENDGRID_URL": receiver.base,
        "MAIL_FROM": "PayAid <billing@payaid.example>",
    }  # fmt: skip


def test_sendgrid_takes_a_mail_whole_and_is_asked_again_when_it_says_so(
    workplace: Workplace, receiver: Receiver
) -> None:
    receiver.answers = [Answer(429, {"errors": [{"message": "too many requests"}]}, {"Retry-After": "1"})]
    receiver.usual = Answer(202, headers={"X-Message-Id": "sg-1"})
    workplace.worker(**sendgrid(receiver))
    given = {"filename": "a.txt", "type": "text/plain", "base64": base64.b64encode("₹ 5".encode()).decode()}
    job = workplace.write("email", a_mail(to="Asha <asha@example.in>") | {"attachments": [given]})
    row = workplace.await_state(job, "done")
    assert (row["attempts"], row["uncertain"]) == (1, 0)
    assert row["result"] == {"messageId": f"<{job}@payaid.example>", "answer": "202 sg-1"}
    assert receiver.paths == ["/v3/mail/send"] * 2
    assert receiver.seen[-1][0]["authorization"] == "Bearer SG.a-key-of-a-test"
    wanted = receiver.json()
    assert wanted["personalizations"] == [{"to": [{"email": "asha@example.in", "name": "Asha"}]}]
    assert wanted["from"] == {"email": "billing@payaid.example", "name": "PayAid"}
    assert [part["type"] for part in wanted["content"]] == ["text/plain", "text/html"]
    assert "₹ 1,18,000.00 <due>" in wanted["content"][0]["value"]
    assert wanted["headers"] == {"Message-ID": f"<{job}@payaid.example>", "Auto-Submitted": "auto-generated"}
    (file,) = wanted["attachments"]
    assert (file["filename"], base64.b64decode(file["content"]).decode()) == ("a.txt", "₹ 5")


@pytest.mark.parametrize("status", [400, 401, 413])
def test_what_sendgrid_refuses_is_dead_at_once_and_no_key_is_told(
    workplace: Workplace, receiver: Receiver, status: int
) -> None:
    receiver.answers = [Answer(status, {"errors": [{"message": "no such sender"}]})]
    worker = workplace.worker(**sendgrid(receiver))
    row = workplace.await_state(workplace.write("email", a_mail()), "dead")
    assert f"SendGrid answered {status}" in row["error"]
    assert (row["attempts"], len(receiver.seen)) == (1, 1)
    assert "SG." not in row["error"] + worker.log.read_text()


def test_a_mail_whose_fate_at_sendgrid_is_unknown_is_sent_again_and_listed(
    workplace: Workplace, receiver: Receiver
) -> None:
    receiver.answers = [Answer(0)]
    receiver.usual = Answer(202)
    workplace.worker(**sendgrid(receiver))
    row = workplace.await_state(workplace.write("email", a_mail()), "done")
    assert (row["attempts"], row["uncertain"]) == (1, 1)
    assert receiver.json(0) == receiver.json(1)


def test_without_a_mail_server_a_mail_is_not_called_sent(workplace: Workplace) -> None:
    workplace.worker()
    assert "SMTP_URL" in workplace.await_state(workplace.write("email", a_mail()), "dead")["error"]


def a_webhook(workplace: Workplace, url: str, tenant: str = "north") -> str:
    made = workplace.query(
        'INSERT INTO "Webhook" (url, secret, "tenantId") VALUES (%s, %s, %s) RETURNING id', url, SECRET, tenant
    )
    return str(made[0]["id"])


def test_a_webhook_is_signed_and_keeps_its_id_when_it_is_sent_again(workplace: Workplace, receiver: Receiver) -> None:
    receiver.answers = [500]
    workplace.worker(WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8")
    hook = a_webhook(workplace, receiver.url)
    job = workplace.write(
        "webhook",
        {"webhookId": hook, "event": "invoice.paid", "at": "2026-04-01T00:00:00Z", "data": {"total": "1180.00"}},
    )
    row = workplace.await_state(job, "done")
    # A 500 may come from something that had it done: the second delivery is on the list of possible repeats.
    assert (row["attempts"], row["uncertain"], len(receiver.seen)) == (1, 1, 2)
    for headers, body in receiver.seen:
        assert headers["webhook-id"] == job
        signed = f"{job}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        message = json.loads(body)
        assert message == {
            "id": job, "event": "invoice.paid", "createdAt": "2026-04-01T00:00:00Z", "data": {"total": "1180.00"},
        }  # fmt: skip


def test_a_webhook_reaches_no_private_address_and_no_other_tenants_hook(
    workplace: Workplace, receiver: Receiver
) -> None:
    workplace.worker()
    hook = a_webhook(workplace, receiver.url)
    row = workplace.await_state(workplace.write("webhook", {"webhookId": hook, "event": "contact.created"}), "dead")
    assert "not a public address" in row["error"]
    foreign = workplace.write("webhook", {"webhookId": hook, "event": "contact.created"}, tenant="south")
    assert "skipped" in workplace.await_state(foreign, "done")["result"]
    assert receiver.seen == []


@pytest.mark.parametrize("status", [301, 400, 410])
def test_an_answer_that_will_not_change_ends_a_webhook(workplace: Workplace, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    workplace.worker(WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8")
    hook = a_webhook(workplace, receiver.url)
    row = workplace.await_state(workplace.write("webhook", {"webhookId": hook, "event": "deal.created"}), "dead")
    assert (f"answered {status}" in row["error"], len(receiver.seen)) == (True, 1)
