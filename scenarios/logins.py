"""Real logins with a password, a few a minute: they are meant to be slow (argon2), and are reported apart."""

from payaidctl.load.person import Person, Step, task


class Logins(Person):
    """One door-keeper who logs everybody in, one after the other, below the limit per address (10 a minute)."""

    LOGIN = Step("login", "login")

    @task
    def login(self) -> None:
        """The next account."""
        everyone = self.cast[type(self).__name__]
        self.actor = everyone[0]
        everyone.rotate(-1)
        self.post(self.LOGIN, "/api/v1/auth/login", {"email": self.actor.email, "password": self.actor.secret})

    def pause(self) -> float:
        """The profile's rate of logins, not its think time."""
        return 1 / self.logins

    def _headers(self) -> bytes:
        """No token: nobody is known yet."""
        lines = super()._headers().split(b"\r\n")
        return b"\r\n".join(line for line in lines if not line.startswith(b"Authorization:"))
