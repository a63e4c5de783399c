"""An accountant's day: invoices by status, one by one, and what the dashboard makes of them."""

import random

from payaidctl.load.person import Person, Step, task


class Accountant(Person):
    """Reads invoices and orders; issues one now and then."""

    modules = ("crm", "finance")
    roles = ("manager", "admin", "owner", "member")

    INVOICES = Step("invoices list", "list", collection="invoices")
    BY_STATUS = Step("invoices by status", "list", collection="invoices")
    INVOICE = Step("invoice detail", "detail")
    ORDERS = Step("orders list", "list", collection="orders")
    STATS = Step("finance dashboard", "stats")
    NEW_INVOICE = Step("invoice create", "write")

    @task(26)
    def invoices(self) -> None:
        """The newest."""
        self.get(self.INVOICES, "/api/v1/finance/invoices")

    @task(22)
    def by_status(self) -> None:
        """Who owes us?"""
        self.get(self.BY_STATUS, f"/api/v1/finance/invoices?status={random.choice(('sent', 'overdue', 'paid'))}")

    @task(24)
    def invoice(self) -> None:
        """One of them, line by line."""
        if found := self.some("invoices"):
            self.get(self.INVOICE, f"/api/v1/finance/invoices/{found}", of=found)
        else:
            self.invoices()

    @task(12)
    def orders(self) -> None:
        """What is to be invoiced next."""
        self.get(self.ORDERS, "/api/v1/crm/orders")

    @task(12)
    def dashboard(self) -> None:
        """Revenue and receivables."""
        self.get(self.STATS, "/api/v1/platform/dashboard/stats")

    @task(4)
    def create_invoice(self) -> None:
        """A draft within Maharashtra (27); its number comes from the tenant's gapless counter."""
        line = {"description": "Consulting", "quantity": "1", "unitPrice": "12500.00", "gstRate": "18"}
        body = {"customerName": "Walk-in Customer", "placeOfSupply": "27", "items": [line]}
        self.post(self.NEW_INVOICE, "/api/v1/finance/invoices", body)
