"""From the verb to the buyer: an invoice is issued, becomes a PDF, and reaches a real mail server."""

import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pypdf
import pytest

from payaid.rules.money import inr
from tests.fixtures.api import Api, Person, Tenant, plain, problem
from tests.fixtures.jobs import Workplace
from tests.fixtures.outside import Mailbox
from tests.jobs.invoices import BUYER_GSTIN

ITEMS = [
    {"description": "Cement, 50 kg", "hsnCode": "2523", "quantity": 120, "unitPrice": "385.50", "gstRate": 18,
     "discount": "260"},
    {"description": "Site visit #1 *urgent*", "hsnCode": "9983", "quantity": 1.5, "unitPrice": "2500", "gstRate": 18},
    {"description": "Cotton sheets", "hsnCode": "5208", "quantity": 10, "unitPrice": "99.99", "gstRate": 5},
]  # fmt: skip


@pytest.fixture
def tenant(api: Api, workplace: Workplace) -> Tenant:
    return api.tenant()


@pytest.fixture
def owner(tenant: Tenant) -> Person:
    return tenant.user()


def an_invoice(owner: Person, **given: Any) -> dict[str, Any]:
    body = {
        "customerName": "Sharma & Sons", "customerEmail": "accounts@sharma.example", "customerGSTIN": BUYER_GSTIN,
        "placeOfSupply": "27", "items": ITEMS, "invoiceDate": "2026-10-31T20:00:00Z", "dueDate": "2026-11-30T18:00:00Z",
    }  # fmt: skip
    return owner.made("/api/v1/invoices", body | given)


def job_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    id_ = str(answer.json()["id"])
    assert answer.headers["location"] == f"/api/v1/jobs/{id_}"
    return id_


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def figures_are_equal(text: str, invoice: dict[str, Any]) -> None:
    money = {name: Decimal(str(invoice[name])) for name in ("subtotal", "cgst", "sgst", "roundOff", "total")}
    assert f"Total {inr(money['total'])}" in text
    for label, name in (("Subtotal", "subtotal"), ("CGST", "cgst"), ("SGST", "sgst"), ("Round-off", "roundOff")):
        assert f"{label} {inr(money[name], symbol='')}" in text
    for item in invoice["items"]:
        assert item["description"] in text
        assert f"{inr(Decimal(item['taxableValue']), symbol='')} {inr(Decimal(item['cgst']), symbol='')}" in text


def test_a_draft_that_is_sent_is_issued_and_reaches_its_buyer_with_the_pdf(
    owner: Person, workplace: Workplace, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    invoice = an_invoice(owner)
    assert (invoice["status"], invoice["invoiceNumber"]) == ("draft", None)
    job = job_of(owner.post(f"/api/v1/finance/invoices/{invoice['id']}/send", {"message": "As agreed.\nA & B <ok>"}))
    # Issued at once, whenever the mail goes.
    (row,) = workplace.query('SELECT status, "invoiceNumber" FROM "Invoice" WHERE id = %s', invoice["id"])
    assert row == {"status": "sent", "invoiceNumber": "INV/26-27/00001"}
    workplace.worker(SMTP_URL=url, MAIL_FROM="North <billing@north.example>")
    result = workplace.await_state(job, "done")["result"]
    (mail,) = box.taken
    assert (result["to"], result["number"], result["answer"]) == (mail["To"], "INV/26-27/00001", "250 taken")
    assert mail["Message-ID"] == f"<{job}@north.example>"
    total = inr(Decimal(str(invoice["total"])))
    assert mail["Subject"].startswith("Invoice INV/26-27/00001 from ")
    assert mail["Subject"].endswith(f": {total}, due on 30 November 2026")
    plain_part, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain_part is not None
    assert html is not None
    assert "As agreed." in plain_part.get_content()
    assert "A &amp; B &lt;ok&gt;" in html.get_content()
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("INV-26-27-00001.pdf", "application/pdf")
    text = text_of(attached.get_content())
    assert "INV/26-27/00001" in text
    assert BUYER_GSTIN in text
    assert "DRAFT" not in text
    figures_are_equal(text, invoice)


def test_sending_again_changes_nothing_but_is_another_mail(
    owner: Person, workplace: Workplace, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    invoice = an_invoice(owner)
    path = f"/api/v1/invoices/{invoice['id']}/send"
    jobs = [job_of(owner.post(path, {})), job_of(owner.post(path, {"to": "other@sharma.example"}))]
    workplace.worker(SMTP_URL=url, MAIL_FROM="billing@north.example")
    for job in jobs:
        workplace.await_state(job, "done")
    assert [mail["To"] for mail in box.taken] == ["accounts@sharma.example", "other@sharma.example"]
    assert workplace.query('SELECT count(*) FROM "NumberSeries" WHERE last > 1') == [{"count": 0}]


def test_what_cannot_be_sent_is_refused_and_changes_nothing(owner: Person, workplace: Workplace) -> None:
    nowhere = an_invoice(owner, customerEmail=None)
    problem(owner.post(f"/api/v1/invoices/{nowhere['id']}/send", {}), 422, "/to")
    cancelled = an_invoice(owner, status="cancelled")
    problem(owner.post(f"/api/v1/invoices/{cancelled['id']}/send", {}), 422, "/status")
    problem(owner.post("/api/v1/invoices/nothing/send", {}), 404)
    (row,) = workplace.query('SELECT status, "invoiceNumber" FROM "Invoice" WHERE id = %s', nowhere["id"])
    assert row == {"status": "draft", "invoiceNumber": None}
    assert workplace.query('SELECT 1 FROM "Outbox"') == []


def test_the_contacts_address_serves_where_the_invoice_has_none(owner: Person, workplace: Workplace) -> None:
    contact = owner.made("/api/v1/contacts", {"name": "Asha", "email": "asha@example.in"})
    invoice = an_invoice(owner, customerEmail=None, customerId=contact["id"])
    job = job_of(owner.post(f"/api/v1/invoices/{invoice['id']}/send", None))
    assert workplace.job(job)["payload"]["to"] == "asha@example.in"


def test_an_invoice_cancelled_before_its_mail_went_is_not_mailed(
    owner: Person, workplace: Workplace, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    invoice = an_invoice(owner)
    job = job_of(owner.post(f"/api/v1/invoices/{invoice['id']}/send", {}))
    plain(owner.patch(f"/api/v1/invoices/{invoice['id']}", {"status": "cancelled"}))
    workplace.worker(SMTP_URL=url, MAIL_FROM="billing@north.example")
    assert "cancelled" in workplace.await_state(job, "dead")["error"]
    assert box.taken == []


def test_the_pdf_can_be_fetched_by_its_link(api: Api, owner: Person, workplace: Workplace) -> None:
    workplace.worker(FILES_DIR=api.env["FILES_DIR"])
    invoice = an_invoice(owner)
    job = job_of(owner.post(f"/api/v1/invoices/{invoice['id']}/pdf", None))
    result = workplace.await_state(job, "done")["result"]
    answer = api.stranger().get(result["link"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert len(answer.content) == result["bytes"]
    text = text_of(answer.content)
    assert "DRAFT" in text
    figures_are_equal(text, invoice)


def overdue(workplace: Workplace, days: int, **columns: Any) -> str:
    """An issued invoice of tenant `north` whose due date was so many days ago in India."""
    given = {"tenantId": "north", "status": "overdue", "invoiceNumber": f"X/{days}", "customerEmail": "a@b.example"}
    given |= columns
    names = ", ".join(f'"{name}"' for name in given)
    made = workplace.query(
        f"""INSERT INTO "Invoice" ({names}, "dueDate", items) VALUES ({", ".join(["%s"] * len(given))},
            payaid.indian_midnight() - %s * interval '1 day' + interval '18 hours', '[]') RETURNING id""",
        *given.values(), days,
    )  # fmt: skip
    return str(made[0]["id"])


def statuses(workplace: Workplace) -> dict[str, str]:
    rows = workplace.query("""SELECT "invoiceNumber" AS number, status FROM "Invoice" WHERE "tenantId" = 'north'""")
    return {row["number"]: row["status"] for row in rows}


@pytest.fixture
def north(workplace: Workplace) -> Workplace:
    workplace.query("""DELETE FROM "Invoice" WHERE "tenantId" = 'north'""")
    workplace.query('DELETE FROM "InvoiceReminder"')
    workplace.query('DELETE FROM "Webhook"')
    return workplace


def test_from_midnight_in_india_what_was_due_yesterday_is_overdue_and_told(north: Workplace) -> None:
    north.query("""INSERT INTO "Webhook" (url, secret, events, "tenantId")
                   VALUES ('https://hooks.example.in/', repeat('s', 30), '{invoice.overdue}', 'north')""")
    late = overdue(north, 1, status="sent")
    overdue(north, 0, status="sent")
    overdue(north, 9, status="paid", paidAt=datetime.now(UTC))
    overdue(north, 8, status="draft", invoiceNumber=None)
    north.worker()
    job = north.write("overdue", {"task": "mark_overdue"}, tenant="south")
    assert north.await_state(job, "done")["result"] == {"tenants": 1}
    (marked,) = north.query("""SELECT id FROM "Outbox" WHERE task = 'mark_overdue'""")
    assert north.await_state(marked["id"], "done")["result"] == {"invoices": 1}
    assert statuses(north) == {"X/1": "overdue", "X/0": "sent", "X/9": "paid", None: "draft"}
    told = north.query("""SELECT payload FROM "Outbox" WHERE task = 'webhook'""")
    assert [(one["payload"]["event"], one["payload"]["data"]["id"]) for one in told] == [("invoice.overdue", late)]


def test_each_stage_is_reminded_of_once(north: Workplace, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    first, third = overdue(north, 3), overdue(north, 16)
    overdue(north, 1, customerEmail=None)
    overdue(north, 400)
    overdue(north, 2, loadRun="run-1")
    north.worker(SMTP_URL=url, MAIL_FROM="billing@north.example")
    for wanted in (2, 0):
        job = north.write("remind_overdue")
        assert north.await_state(job, "done")["result"] == {"reminders": wanted}
    north.await_all_done()
    stages = north.query('SELECT "invoiceId", stage FROM "InvoiceReminder" ORDER BY stage')
    assert [(row["invoiceId"], row["stage"]) for row in stages] == [(first, 1), (third, 15)]
    assert sorted(mail["Subject"].split(" of ")[0] for mail in box.taken) == [
        "Payment reminder: invoice X/16", "Payment reminder: invoice X/3",
    ]  # fmt: skip
    assert {len(list(mail.iter_attachments())) for mail in box.taken} == {1}
    words = box.taken[0].get_body(("plain",))
    assert words is not None
    assert "days ago" in words.get_content()


def test_a_reminder_for_what_was_paid_meanwhile_is_not_sent(north: Workplace, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    invoice = overdue(north, 1, status="paid", paidAt=datetime.now(UTC))
    north.worker(SMTP_URL=url, MAIL_FROM="billing@north.example")
    job = north.write("payment_reminder", {"invoiceId": invoice, "to": "a@b.example", "stage": 1})
    assert north.await_state(job, "done")["result"] == {"skipped": "the invoice is paid"}
    assert box.taken == []


def test_who_cannot_send_mail_or_wants_no_reminders_records_none(north: Workplace) -> None:
    overdue(north, 3)
    north.worker()
    assert "skipped" in north.await_state(north.write("remind_overdue"), "done")["result"]
    assert north.query('SELECT 1 FROM "InvoiceReminder"') == []
