"""A sales representative's day: lists and filters, contacts and deals in detail, deals created and moved on."""

import random
from collections import deque

from payaidctl.load.person import Person, Step, task

OPEN_STAGES = ("lead", "qualified", "proposal", "negotiation")


class SalesRep(Person):
    """Looks at contacts and deals all day; one request in fourteen writes, on rows of his own making only."""

    CONTACTS = Step("contacts list", "list", collection="contacts")
    ACTIVE = Step("contacts active", "list", collection="contacts")
    CONTACT = Step("contact detail", "detail")
    HISTORY = Step("contact deals", "list")
    DEALS = Step("deals list", "list", collection="deals")
    STAGE = Step("deals by stage", "list", collection="deals")
    DEAL = Step("deal detail", "detail")
    TASKS = Step("tasks pending", "list", collection="tasks")
    STATS = Step("sales dashboard", "stats")
    NEW_DEAL = Step("deal create", "write")
    OWN_DEAL = Step("deal read own write", "detail")
    MOVE_DEAL = Step("deal move", "write")
    NEW_CONTACT = Step("contact create", "write")

    def on_start(self) -> None:
        """Deals that this person has made, with their stage; nobody else's are changed."""
        self.own: deque[tuple[str, str]] = deque(maxlen=10)

    @task(24)
    def contacts(self) -> None:
        """The list that the day begins with."""
        self.get(self.CONTACTS, "/api/v1/crm/contacts")

    @task(10)
    def active_contacts(self) -> None:
        """Filtered."""
        self.get(self.ACTIVE, "/api/v1/crm/contacts?status=active")

    @task(20)
    def contact(self) -> None:
        """One of the contacts that the office is working on."""
        if found := self.some("contacts"):
            self.get(self.CONTACT, f"/api/v1/crm/contacts/{found}", of=found)
        else:
            self.contacts()

    @task(5)
    def history(self) -> None:
        """The deals of a contact."""
        if found := self.some("contacts"):
            self.get(self.HISTORY, f"/api/v1/crm/contacts/{found}/deals")
        else:
            self.contacts()

    @task(9)
    def deals(self) -> None:
        """By the roadmap's short path: the same answer and the same cache entry."""
        self.get(self.DEALS, "/api/v1/deals")

    @task(8)
    def stage(self) -> None:
        """One column of the board."""
        self.get(self.STAGE, f"/api/v1/crm/deals?stage={random.choice(OPEN_STAGES)}")

    @task(8)
    def deal(self) -> None:
        """One deal."""
        if found := self.some("deals"):
            self.get(self.DEAL, f"/api/v1/crm/deals/{found}", of=found)
        else:
            self.deals()

    @task(6)
    def tasks_pending(self) -> None:
        """What is to be done."""
        self.get(self.TASKS, "/api/v1/crm/tasks?status=pending")

    @task(3)
    def dashboard(self) -> None:
        """How we stand."""
        self.get(self.STATS, "/api/v1/dashboard/stats")

    @task(4)
    def create_deal(self) -> None:
        """A new deal, which its maker must be able to read at once, on whatever instance and server."""
        body = {"name": "Annual maintenance", "value": random.randrange(10_000, 900_000, 500), "stage": "lead"}
        made = self.post(self.NEW_DEAL, "/api/v1/crm/deals", body)
        if made:
            self.own.append((made["id"], "lead"))
            self.get(self.OWN_DEAL, f"/api/v1/crm/deals/{made['id']}", of=made["id"])

    @task(3)
    def move_deal(self) -> None:
        """One stage further, if there is a deal of one's own to move."""
        if not self.own:
            self.deals()
            return
        deal, stage = self.own.popleft()
        following = (*OPEN_STAGES, "won")[OPEN_STAGES.index(stage) + 1]
        moved = self.patch(self.MOVE_DEAL, f"/api/v1/crm/deals/{deal}", {"stage": following}, of=deal)
        if moved and following != "won":
            self.own.append((deal, following))

    @task(1)
    def create_contact(self) -> None:
        """Somebody called."""
        body = {"name": "Walk-in Customer", "type": "lead", "stage": "prospect", "city": "Pune"}
        self.post(self.NEW_CONTACT, "/api/v1/crm/contacts", body)
