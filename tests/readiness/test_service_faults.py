"""Faults of a running service, made for real one at a time: what readiness says of it, and of the healthy one."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from payaidctl import probes
from payaidctl.finding import Finding, Status
from payaidctl.readiness import catalogue
from payaidctl.readiness.finding import finding
from payaidctl.target import Target
from tests.eventually import eventually
from tests.fixtures.api import Api
from tests.fixtures.database import Database
from tests.fixtures.jobs import Workplace
from tests.readiness.look import asked

SWITCHED_OFF = {"limiter.enforced": {"RATE_LIMITS": "false"}, "cache.endpoints": {"CACHE": "false"}}
STRANGERS = ("observability.metrics", "security.token_needed", "security.limit_capped")
JOBS = ("queue.workers", "queue.round_trip", "warming.on_login")
REAL = {*SWITCHED_OFF, *STRANGERS, *JOBS, "cache.private", "observability.health_tells_truth"}


@pytest.fixture(scope="module")
def people(api: Api) -> Api:
    """The service, with a tenant of every kind that a probe looks for."""
    for tier in ("free", "pro", "enterprise"):
        api.owner(tier)
    return api


def settings(api: Api, **changed: str) -> dict[str, str]:
    return api.env | {"API_URL": api.url, "DATABASE_DIRECT_URL": api.database.owner_url} | changed


@pytest.mark.parametrize("identifier", [*SWITCHED_OFF, *STRANGERS, "cache.private", "observability.health_tells_truth"])
def test_the_service_passes(people: Api, identifier: str) -> None:
    found = asked(identifier, settings(people))
    assert found.status is Status.PASS, found


@pytest.mark.parametrize("identifier", SWITCHED_OFF)
def test_what_is_switched_off_is_found_out_by_looking(people: Api, tmp_path: Path, identifier: str) -> None:
    with Api.serving(people.database, tmp_path, WORKERS="1", **SWITCHED_OFF[identifier]) as lesser:
        # The settings here say otherwise: what counts is what the service does.
        found = asked(identifier, settings(people, API_URL=lesser.url))
        assert (found.status, bool(found.advice)) == (Status.FAIL, True), found


@contextmanager
def passing(upstream: str, **answers: str) -> Iterator[str]:
    """A proxy in front of the service that sets headers of its own; without `upstream`, some other server."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers, body, status = {}, b"", 200
            if upstream:
                sent = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                answer = httpx.get(f"{upstream}{self.path}", headers=sent, timeout=10)
                kept = ("content-type", "cache-status", "cache-control")
                headers = {name: answer.headers[name] for name in kept if name in answer.headers}
                body, status = answer.content, answer.status_code
            self.send_response(status)
            for name, value in {**headers, **answers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_proxy_that_makes_tenants_data_public_is_found_out(people: Api) -> None:
    with passing(people.url, **{"cache-control": "public, s-maxage=60"}) as proxied:
        found = asked("cache.private", settings(people, API_URL=proxied))
        assert (found.status, "/api/v1/crm/contacts" in found.observed) == (Status.FAIL, True), found


@pytest.mark.parametrize("identifier", STRANGERS)
def test_a_server_that_says_yes_to_everything_is_not_believed(people: Api, identifier: str) -> None:
    with passing("") as stranger:
        found = asked(identifier, settings(people, API_URL=stranger))
        assert found.status is Status.FAIL, found


def test_a_service_without_its_primary_does_not_call_itself_healthy(people: Api) -> None:
    def health() -> Finding:
        return asked("observability.health_tells_truth", settings(people))

    with refusing(people.database):
        eventually(lambda: health().status is Status.FAIL, "health tells of the lost primary", 20.0)
    eventually(lambda: health().status is Status.PASS, "it is well again", 20.0)


@contextmanager
def refusing(database: Database) -> Iterator[None]:
    """A primary that takes no connection to this database, and has ended those that there were."""
    admin = database.stack.site.postgres("postgres", "primary", "postgres")
    name = psycopg.sql.Identifier(database.name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database.name,)
        )
        try:
            yield
        finally:
            connection.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


# -- jobs -----------------------------------------------------------------------------------------------------


def looked(identifier: str, env: Mapping[str, str], **given: Any) -> Finding:
    """As `asked`, with the probe's patience cut short."""
    check = catalogue.check(identifier)
    target = Target(dict(env), "a test", embedded=False)
    return finding(check, asyncio.run(probes.look(check.probe, target, 5.0, given)), "ci")


def test_without_a_worker_nothing_is_done_and_nothing_is_warm(people: Api, workplace: Workplace) -> None:
    person = people.tenant("pro").user(password="right")
    env = settings(people, QUEUE_REDIS_URL=workplace.node.url, PROBE_EMAIL=person.email, PROBE_PASSWORD="right")
    assert looked("queue.workers", env).status is Status.FAIL
    found = looked("queue.round_trip", env, wait_s=0.5)
    assert (found.status, "payaid work" in found.advice or "payaidctl" in found.advice) == (Status.FAIL, True), found
    assert looked("warming.on_login", env, settle_s=0.2).status is Status.FAIL

    workplace.worker()
    eventually(lambda: looked("queue.workers", env).status is Status.PASS, "a worker is there", 20.0)
    found = looked("queue.round_trip", env, wait_s=15.0)
    assert found.status is Status.PASS, found
    deadline = time.monotonic() + 30
    while (found := looked("warming.on_login", env, settle_s=1.0)).status is not Status.PASS:
        assert time.monotonic() < deadline, found
