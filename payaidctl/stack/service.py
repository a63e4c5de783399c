"""The service itself: the API and the worker."""

import http.client
import sys
from pathlib import Path
from typing import ClassVar

from payaidctl.stack import record, render
from payaidctl.stack.component import Component, NotReady, Program
from payaidctl.stack.ports import LOOPBACK


class Service(Component):
    """One of payaid's processes, with the settings of this stack and nothing of the operator's environment."""

    group = "service"
    verb: ClassVar[str]

    def program(self) -> Program:
        """`payaid VERB`, through a launcher that reads its settings: so they stand in no command line."""
        launcher = (sys.executable, "-m", "payaidctl.stack.launch", self._env_file)
        return Program(
            (*launcher, sys.executable, "-m", "payaid", self.verb), directory=self.folder, stop_wait_s=30
        )

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
        """It is alive, and says what it lacks to be ready."""
        alive, _ = self._get("/health/live")
        if alive != 200:
            raise NotReady(f"/health/live answers {alive}")
        ready, _ = self._get("/health/ready")
        if ready != 200:
            return f"alive, not ready (/health/ready answers {ready})"
        return f"http://{LOOPBACK}:{self.port}"

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

    def look(self) -> str:
        """It runs: the supervisor says so."""
        return "running"
