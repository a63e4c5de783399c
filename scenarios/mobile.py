"""The mobile app: one batch for its start screen where the server offers batches, then single rows."""

from payaidctl.load.person import Person, Step, task

START_SCREEN = ("/api/v1/dashboard/stats", "/api/v1/crm/tasks?status=pending", "/api/v1/crm/contacts")


class Mobile(Person):
    """Short visits on the road: the start screen, a contact, a task ticked off."""

    units = 1.5

    SCREEN = Step("mobile start screen", "batch", units=3)
    STATS = Step("mobile dashboard", "stats")
    TASKS = Step("mobile tasks", "list", collection="tasks")
    CONTACTS = Step("mobile contacts", "list", collection="contacts")
    CONTACT = Step("mobile contact detail", "detail")
    NEW_TASK = Step("task create", "write")
    TICK = Step("task complete", "write")

    @task(25)
    def screen(self) -> None:
        """Everything that the first screen shows, in one call; three calls where there is no batch."""
        if self.offers("/api/v1/batch"):
            parts = [{"id": str(number), "method": "GET", "path": path} for number, path in enumerate(START_SCREEN)]
            self.post(self.SCREEN, "/api/v1/batch", {"requests": parts}, asked=str(len(parts)))
        else:
            self.get(self.STATS, START_SCREEN[0])

    @task(25)
    def todo(self) -> None:
        """What is next."""
        self.get(self.TASKS, START_SCREEN[1])

    @task(15)
    def contacts(self) -> None:
        """Whom to visit."""
        self.get(self.CONTACTS, START_SCREEN[2])

    @task(30)
    def contact(self) -> None:
        """Where do they live?"""
        if found := self.some("contacts"):
            self.get(self.CONTACT, f"/api/v1/crm/contacts/{found}", of=found)
        else:
            self.contacts()

    @task(3)
    def visit(self) -> None:
        """A task of one's own, noted and then ticked off."""
        made = self.post(self.NEW_TASK, "/api/v1/crm/tasks", {"title": "Visit report", "priority": "medium"})
        if made:
            path = f"/api/v1/crm/tasks/{made['id']}"
            self.patch(self.TICK, path, {"status": "completed"}, of=made["id"])
