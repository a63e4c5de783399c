"""An invoice's rows, read for a document: the invoice, who bills, and the contact that is billed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from payaid.jobs.documents.invoice import sheet
from payaid.jobs.job import Job
from payaid.jobs.policy import Permanent

INVOICE = 'SELECT * FROM "Invoice" WHERE "tenantId" = %s AND id = %s'
SUPPLIER = 'SELECT name, address, city, state, "postalCode", gstin, phone, email FROM "Tenant" WHERE id = %s'
CUSTOMER = """
SELECT name, address, city, state, "postalCode", gstin, phone, email FROM "Contact" WHERE "tenantId" = %s AND id = %s
"""


@dataclass(frozen=True, slots=True)
class Billed:
    """One invoice with all that its documents show."""

    invoice: dict[str, Any]
    supplier: dict[str, Any]
    customer: dict[str, Any] | None

    def sheet(self) -> dict[str, Any]:
        """What is printed."""
        return sheet(self.invoice, self.supplier, self.customer)

    @property
    def file(self) -> str:
        """The PDF's name: the number, with what no file system minds."""
        number = self.invoice["invoiceNumber"]
        return f"{number.replace('/', '-')}.pdf" if number else "invoice-draft.pdf"

    @property
    def made_at(self) -> datetime:
        """The PDF's own time: the invoice's last change, so that the same invoice is the same bytes."""
        changed: datetime = self.invoice["updatedAt"]
        return changed.replace(microsecond=0)


async def read(job: Job, invoice_id: str) -> Billed:
    """Read from the primary: the job was written by the change that it is about.

    Raises:
        Permanent: there is no such invoice.
    """
    async with job.session() as connection, connection.cursor(row_factory=dict_row) as cursor:
        invoice = await (await cursor.execute(INVOICE, (job.tenant, invoice_id))).fetchone()
        supplier = await (await cursor.execute(SUPPLIER, (job.tenant,))).fetchone()
        if invoice is None or supplier is None:
            raise Permanent(f"there is no invoice {invoice_id}")
        customer = await (await cursor.execute(CUSTOMER, (job.tenant, invoice["customerId"]))).fetchone()
    return Billed(invoice, supplier, customer)
