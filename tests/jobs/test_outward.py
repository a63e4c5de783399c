"""Mail and webhooks, sent to real servers on loopback."""

import base64
import email
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.fixtures.jobs import Workplace, free_port

SECRET = "a-secret-of-a-webhook-in-a-test"


@dataclass
class Mailbox:
    """Keeps every mail; answers the first `answers` instead of taking it."""

    taken: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(email.message_from_bytes(content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, f"smtp://127.0.0.1:{port}"
    server.stop()


@dataclass
class Receiver:
    """Keeps every delivery, and answers what it is told, then 200."""

    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


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
    job = workplace.write("webhook", {"webhookId": hook, "event": "invoice.paid", "data": {"total": "1180.00"}})
    row = workplace.await_state(job, "done")
    # A 500 may come from something that had it done: the second delivery is on the list of possible repeats.
    assert (row["attempts"], row["uncertain"], len(receiver.seen)) == (1, 1, 2)
    for headers, body in receiver.seen:
        assert headers["webhook-id"] == job
        signed = f"{job}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        message = json.loads(body)
        assert (message["id"], message["event"], message["data"]) == (job, "invoice.paid", {"total": "1180.00"})


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
