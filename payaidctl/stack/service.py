"""The service itself: the API and the worker."""

import contextlib
import http.client
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from payaidctl.stack import record, render
from payaidctl.stack.component import Component, NotReady, Program
from payaidctl.stack.ports import LOOPBACK

READY_S = 15.0


class Service(Component):
    """One of payaid's processes, with the settings of this stack and nothing of the operator's environment."""

    group = "service"
    verb: ClassVar[str]

    def program(self) -> Program:
        """`payaid VERB`, through a launcher that reads its settings: so they stand in no command line."""
        launcher = (sys.executable, "-m", "payaidctl.stack.launch", self._env_file)
        return Program((*launcher, sys.executable, "-m", "payaid", self.verb), directory=self.folder, stop_wait_s=30)

    def configure(self) -> bool:
        """Its env file."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        values = record.for_service(record.settings(self.site))
        return render.write(self._env_file, record.text(values), mode=0o600)

    @property
    def _env_file(self) -> Path:
        return self.site.layout.conf / f"{self.name}.env"


class Api(Service):
    """The API."""

    verb = "serve"
    patience_s = 60.0

    def look(self) -> str:
        """It is alive."""
        alive, _ = self._get("/health/live")
        if alive != 200:
            raise NotReady(f"/health/live answers {alive}")
        return f"http://{LOOPBACK}:{self.port}"

    def inspect(self) -> str:
        """It is alive, and has all that it needs."""
        seen = self.look()
        ready, said = self._get("/health/ready")
        if ready != 200:
            raise NotReady(
                f"alive, and not ready: /health/ready answers {ready}: {said.decode(errors='replace')[:300]}"
            )
        return seen

    def settle(self, say: Callable[[str], None]) -> None:
        """Let it find its databases. One that does not is told by `status`; here it is enough that it lives."""
        say("waiting until it is ready")
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            with contextlib.suppress(NotReady):
                self.inspect()
                return
            time.sleep(0.1)

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NotReady(f"{path}: {error}") from None
        finally:
            connection.close()


class Worker(Service):
    """The background worker. It listens on nothing, so the supervisor's word is all there is."""

    verb = "work"
    silent = True

    def look(self) -> str:
        """It runs: the supervisor says so."""
        return "running"
