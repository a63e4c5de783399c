"""Another program: walks lists page by page, takes what changed, pushes leads."""

from urllib.parse import quote

from payaidctl.load.person import Person, Step, task


class Integration(Person):
    """Keeps another system in step. Pages behind the first are seldom in the cache: this is the dear reader."""

    modules = ("crm", "finance")
    roles = ("admin", "owner", "manager", "member")
    encoding = "identity"

    PAGES = Step("sync contacts", "list", read=True)
    ORDERS = Step("sync orders", "list")
    INVOICES = Step("sync invoices", "list")
    PRODUCTS = Step("products list", "list")
    LEAD = Step("lead push", "write")

    def on_start(self) -> None:
        """Where the walk through the contacts has come to."""
        self.cursor = ""

    @task(30)
    def contacts(self) -> None:
        """The next page of a walk through all contacts, columns picked."""
        after = f"&cursor={quote(self.cursor)}" if self.cursor else ""
        page = self.get(self.PAGES, f"/api/v1/crm/contacts?limit=100&fields=name,email,phone,stage{after}")
        self.cursor = (page["page"].get("next") or "") if page else ""

    @task(25)
    def orders(self) -> None:
        """What was sold."""
        self.get(self.ORDERS, "/api/v1/orders?limit=100")

    @task(20)
    def invoices(self) -> None:
        """What was paid."""
        self.get(self.INVOICES, "/api/v1/invoices?status=paid&limit=100")

    @task(20)
    def products(self) -> None:
        """The price list."""
        self.get(self.PRODUCTS, "/api/v1/crm/products")

    @task(5)
    def push(self) -> None:
        """A lead from the web site's form."""
        self.post(self.LEAD, "/api/v1/crm/contacts", {"name": "Web Enquiry", "type": "lead", "source": "website"})
