"""What the running service shows: guessing, caps, descriptors; and a stub that lets everybody guess for ever."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from payaidctl.finding import Status
from payaidctl.probes import processes
from payaidctl.probes.metrics import Samples
from payaidctl.readiness import catalogue
from payaidctl.readiness.finding import finding
from tests.fixtures.api import Api
from tests.readiness.look import asked

REAL = {"security.login_limited", "security.limit_capped", "observability.dashboard"}


def settings(api: Api) -> dict[str, str]:
    return api.env | {"API_URL": api.url, "DATABASE_DIRECT_URL": api.database.owner_url}


@pytest.fixture
def careless() -> Iterator[str]:
    """An API that answers 401 to every login, as often as one likes, and 200 to all else."""

    class Careless(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._answer(401)

        def do_GET(self) -> None:
            self._answer(200)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_eleventh_guess_at_one_account_is_refused_and_nothing_is_left_behind(api: Api) -> None:
    for _ in range(2):  # the second would begin refused, had the first left its count
        # Somebody else's logins from this address are not this account's.
        httpx.post(f"{api.url}/api/v1/auth/login", json={"email": "other@example.in", "password": "x"}, timeout=10)
        found = asked("security.login_limited", settings(api))
        assert (found.status, "from attempt 11" in found.observed) == (Status.PASS, True), found


def test_endless_guessing_fails(careless: str) -> None:
    found = asked("security.login_limited", {"API_URL": careless})
    assert (found.status, "last 401" in found.observed) == (Status.FAIL, True)


def test_a_list_of_everything_is_refused(api: Api, careless: str) -> None:
    api.owner()
    assert asked("security.limit_capped", settings(api)).status is Status.PASS
    assert asked("security.limit_capped", settings(api) | {"API_URL": careless}).status is Status.FAIL


def test_descriptors(api: Api) -> None:
    found = asked("capacity.file_descriptors", settings(api))
    assert found.status in {Status.PASS, Status.FAIL}  # the machine's own limit decides; the table below judges
    assert "? allowed" not in found.observed


@pytest.mark.parametrize(
    ("most", "used", "status"), [(65536, 900, Status.PASS), (1024, 90, Status.FAIL), (65536, 60000, Status.FAIL)]
)
def test_descriptors_recorded(most: int, used: int, status: Status) -> None:
    samples: Samples = {
        (name, (("worker", "a-1"),)): float(value) for name, value in ((processes.MOST, most), (processes.OPEN, used))
    }
    facts = processes.judge(samples, 0.0)
    assert finding(catalogue.check("capacity.file_descriptors"), facts, "roadmap").status is status


def test_the_dashboard_is_the_operators_and_moves(api: Api, careless: str) -> None:
    found = asked("observability.dashboard", settings(api))
    assert found.status is Status.PASS, found
    assert found.evidence["item"] == 7
    wrong = asked("observability.dashboard", settings(api) | {"OPS_TOKEN": "f" * 64})
    assert (wrong.status, wrong.observed.startswith("401 with the token")) == (Status.FAIL, True)
    assert asked("observability.dashboard", settings(api) | {"API_URL": careless}).status is Status.FAIL
    assert asked("observability.dashboard", settings(api) | {"OPS_TOKEN": ""}).status is Status.SKIP
