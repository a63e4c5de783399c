"""A manager's day: the dashboard, searches, and a board of several things at once."""

import random

from payaidctl.load.person import Person, Step, task

SOUGHT = ("sharma", "patel", "kumar", "singh", "reddy")


class Manager(Person):
    """Looks at figures and searches; writes almost nothing."""

    roles = ("manager", "admin", "owner", "member")

    STATS = Step("manager dashboard", "stats")
    SEARCH = Step("contacts search", "search")
    BOARD = Step("deals board", "list", collection="deals")
    CONTACT = Step("manager contact detail", "detail")
    TASKS = Step("tasks list", "list", collection="tasks")
    ASSIGN = Step("task assign", "write")

    @task(32)
    def dashboard(self) -> None:
        """How the company stands."""
        self.get(self.STATS, "/api/v1/dashboard/stats")

    @task(10)
    def search(self) -> None:
        """Full text, the dearest read there is."""
        self.get(self.SEARCH, f"/api/v1/crm/contacts?q={random.choice(SOUGHT)}")

    @task(20)
    def board(self) -> None:
        """The deals that may still be won."""
        self.get(self.BOARD, "/api/v1/crm/deals?stage=negotiation,proposal")

    @task(18)
    def contact(self) -> None:
        """The customer who has just rung up."""
        if found := self.some("contacts"):
            self.get(self.CONTACT, f"/api/v1/crm/contacts/{found}", of=found)
        else:
            self.dashboard()

    @task(16)
    def tasks_list(self) -> None:
        """Who does what."""
        self.get(self.TASKS, "/api/v1/tasks")

    @task(4)
    def assign(self) -> None:
        """Somebody should see to this."""
        self.post(self.ASSIGN, "/api/v1/crm/tasks", {"title": "Call back before Friday", "priority": "high"})
