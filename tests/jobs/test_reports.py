"""Reports, from the request to the file: its figures are those of the rows, by another sum."""

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from python_calamine import CalamineWorkbook

from tests.fixtures.api import Person, Tenant, problem
from tests.fixtures.office import Office

ITEM = {"description": "Things", "hsnCode": "8471", "quantity": 1, "unitPrice": "1000.50", "gstRate": 18}
BOOKS = {"description": "Books", "hsnCode": "4901", "quantity": 2, "unitPrice": "50", "treatment": "exempt"}


@pytest.fixture(scope="module")
def tenant(office: Office) -> Tenant:
    return office.api.tenant()


@pytest.fixture(scope="module")
def owner(tenant: Tenant) -> Person:
    """An owner with invoices on both sides of October's borders in India, and deals."""
    owner = tenant.user()
    for place, when, given in (
        ("27", "2026-09-30T18:29:59Z", {}),  # the last second of September in India
        ("27", "2026-09-30T18:30:00Z", {"customerGSTIN": "27AAPFU0939F1ZV"}),
        ("29", "2026-10-31T18:29:59Z", {"items": [ITEM | {"unitPrice": "200000"}, BOOKS]}),
        ("29", "2026-10-31T18:30:00Z", {}),
        ("07", "2026-10-10T00:00:00Z", {"reverseCharge": True, "customerGSTIN": "07AAPFU0939F1ZX"}),
        ("27", "2026-10-10T00:00:00Z", {"status": "draft"}),
        ("27", "2026-10-10T00:00:00Z", {"status": "cancelled"}),
    ):
        body = {"placeOfSupply": place, "invoiceDate": when, "items": [ITEM], "status": "sent", "customerName": "Biju"}
        owner.made("/api/v1/invoices", body | given)
    owner.made("/api/v1/invoices", {"placeOfSupply": "27", "invoiceDate": "2026-10-05T00:00:00Z", "items": [ITEM],
                                    "status": "sent"}, {"x-load-run": "run-1"})  # fmt: skip
    for stage, value in (("lead", "1000.10"), ("proposal", "5000"), ("won", "700"), ("lost", "90")):
        owner.made("/api/v1/deals", {"name": f"=1+1 {stage}", "value": value, "stage": stage})
    return owner


def made(office: Office, owner: Person, **asked: Any) -> bytes:
    return office.fetched(office.done(owner, owner.post("/api/v1/platform/reports", asked)))


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def sheets(xlsx: bytes) -> tuple[list[list[Any]], list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx))
    return book.get_sheet_by_name("Summary").to_python(), book.get_sheet_by_name("Register").to_python()


def test_gst_of_a_month_is_cut_at_indian_midnight(office: Office, owner: Person, tenant: Tenant) -> None:
    summary, register = sheets(made(office, owner, report="gst-summary", format="xlsx", period="2026-10"))
    head, *rows = register
    assert [row[head.index("Section")] for row in rows] == ["B2B", "B2B", "B2CL"]
    assert [row[head.index("Taxable value (₹)")] for row in rows] == [1000.5, 1000.5, 200100]
    sums = {row[0]: row[1:5] for row in summary if row and row[0]}
    assert sums["Taxable supplies, including those at 0%"] == [201000.5, 90.05, 90.05, 36000]
    assert sums["Under reverse charge (tax payable by recipients)"] == [1000.5, 0, 0, 180.09]
    assert sums["Exempt"] == [100, 0, 0, 0]
    by_sql = office.api.owner_sql(
        """SELECT sum(cgst), sum(igst) FROM "Invoice" WHERE "tenantId" = %s AND status = 'sent' AND "loadRun" IS NULL
           AND to_char("invoiceDate" AT TIME ZONE 'Asia/Kolkata', 'YYYY-MM') = '2026-10'""", tenant.id,
    )[0]  # fmt: skip
    total = next(row for row in summary if row and row[0] == "Total" and len([c for c in row if c != ""]) > 4)
    assert (Decimal(str(total[4])), Decimal(str(total[6]))) == by_sql


def test_the_page_says_what_the_spreadsheet_says(office: Office, owner: Person) -> None:
    text = text_of(made(office, owner, report="gst-summary", format="pdf", period="2026-10"))
    for wanted in (
        "GST summary of outward supplies", "1 October 2026 to 31 October 2026", "2,01,000.50", "36,000.00",
        "B2CL Karnataka (29) 18% 2,00,000.00 0.00 0.00 36,000.00", "8471 18% 2,02,001.00", "TAX TO BE PAID ₹ 36,180.10",
    ):  # fmt: skip
        assert wanted in text


def test_a_years_and_a_quarters_periods(office: Office, owner: Person) -> None:
    for period, invoices in (("FY2026-27", 5), ("FY2026-27-Q2", 1), ("FY2025-26", 0)):
        _, register = sheets(made(office, owner, report="gst-summary", format="xlsx", period=period))
        assert len(register) - 1 == invoices


def test_the_pipeline_by_stage_and_no_formula_from_a_name(office: Office, owner: Person) -> None:
    now = datetime.now(UTC) + timedelta(hours=5, minutes=30)
    summary, register = sheets(made(office, owner, report="sales-pipeline", format="xlsx", period=f"{now:%Y-%m}"))
    sums = {row[0]: row[1:4] for row in summary if row and row[0]}
    assert sums["Lead"] == [1, 1000.1, 100.01]
    assert sums["Proposal"] == [1, 5000, 2500]
    assert sums["Total"] == [2, 6000.1, 2600.01]
    assert (sums["Won"][:2], sums["Lost"][:2]) == ([1, 700], [1, 90])
    assert {row[0] for row in register[1:]} == {f"=1+1 {stage}" for stage in ("lead", "proposal", "won", "lost")}
    text = text_of(made(office, owner, report="sales-pipeline", format="pdf", period=f"{now:%Y-%m}"))
    for wanted in ("OPEN ₹ 6,000.10", "WEIGHTED ₹ 2,600.01", "WIN RATE 50.0%", "Proposal 1 5,000.00 2,500.00"):
        assert wanted in text


def test_receivables_by_age(office: Office) -> None:
    tenant = office.api.tenant()
    owner = tenant.user()
    now = datetime.now(UTC)
    for days, price in ((-3, "100"), (10, "200"), (45, "300"), (200, "400")):
        due = (now - timedelta(days=days)).isoformat()
        item = ITEM | {"unitPrice": price, "gstRate": 0}
        owner.made("/api/v1/invoices", {"placeOfSupply": "27", "dueDate": due, "items": [item], "status": "sent",
                                        "customerName": "Asha"})  # fmt: skip
    summary, register = sheets(made(office, owner, report="receivables-ageing", format="xlsx"))
    asha = next(row for row in summary if row and row[0] == "Asha")
    assert asha[1:7] == [100, 200, 300, 0, 400, 1000]
    assert [(row[4], row[5]) for row in register[1:]] == [
        (200, "Over 90 days"), (45, "31-60 days"), (10, "1-30 days"), (0, "Not due"),
    ]  # fmt: skip
    assert "Asha 100.00 200.00 300.00 0.00 400.00 1,000.00" in text_of(
        made(office, owner, report="receivables-ageing", format="pdf")
    )


def test_what_is_asked_wrongly_is_refused(office: Office, owner: Person) -> None:
    path = "/api/v1/platform/reports"
    problem(owner.post(path, {"report": "gst-summary", "format": "pdf"}), 422, "/period")
    problem(owner.post(path, {"report": "gst-summary", "format": "pdf", "period": "last month"}), 422, "/period")
    ageing = {"report": "receivables-ageing", "format": "pdf", "period": "2026-10"}
    problem(owner.post(path, ageing), 422, "/period")
    problem(owner.post(path, {"report": "secrets", "format": "doc"}), 422, "/report", "/format")
    seller = office.api.tenant(modules=("crm",)).user()
    problem(seller.post(path, {"report": "gst-summary", "format": "pdf", "period": "2026-10"}), 403)
    assert seller.post(path, {"report": "sales-pipeline", "format": "pdf", "period": "2026-10"}).status_code == 202
