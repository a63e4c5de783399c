"""kill -9 of worker, relay, queue and API under load: nothing acknowledged is lost, and nothing is done twice.

Twenty seconds by default; `make storm` rages for two minutes at 200 jobs a second, with the worker's own clocks.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.api import Api
from tests.fixtures.jobs import Workplace, free_port
from tests.fixtures.outside import Mailbox, Receiver
from tests.jobs.storm import IMPORT_ROWS, Front, Storm

SECONDS = float(os.environ.get("STORM_SECONDS", "12"))
RATE = float(os.environ.get("STORM_RATE", "40"))
AWAY_S = float(os.environ.get("STORM_AWAY_S", "5"))
SEED = int(os.environ.get("STORM_SEED", "7"))
LONG = SECONDS > 60
PACE = {"lease_s": 4.0, "beat_s": 1.0, "lock_s": 3.0, "stalled_s": 1.0, "stray_s": 2.0, "sweep_s": 0.5}
CALM_S = 120.0 + 4 * SECONDS

pytestmark = pytest.mark.timeout(int(300 + 8 * SECONDS))


@pytest.fixture
def storm(workplace: Workplace, mailbox: tuple[Mailbox, str], receiver: Receiver, tmp_path: Path) -> Iterator[Storm]:
    """Two workers, the API, and a tenant whose system wants to know of deals."""
    place = workplace
    place.query('DELETE FROM "Webhook"')
    files = str(tmp_path / "all-files")
    env = place.env | {
        "PORT": str(free_port()), "WORKERS": "1", "INSTANCE_ID": "storm", "FILES_DIR": files, "RATE_LIMITS": "false",
        "RUN_DIR": str(tmp_path / "api-run"),
    }  # fmt: skip
    front = Front(env)
    front.start()

    def worker() -> Any:
        return place.worker(
            SMTP_URL=mailbox[1], MAIL_FROM="storm@north.example", WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8",
            FILES_DIR=files, TEST_PACE=json.dumps({} if LONG else PACE),
        )  # fmt: skip

    try:
        front.await_ready()
        api = Api(place.database, env, front.process, tmp_path / "none", None, None)  # type: ignore[arg-type]
        owner = api.owner()
        assert owner.tenant
        place.query(
            'INSERT INTO "Webhook" (url, secret, events, "tenantId") VALUES (%s, %s, %s, %s)',
            receiver.url, "a-secret-of-a-webhook-in-a-test", ["deal.created"], owner.tenant.id,
        )  # fmt: skip
        yield Storm(place, front, owner, SEED, worker, RATE)
    finally:
        front.kill()


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(
    storm: Storm, workplace: Workplace, mailbox: tuple[Mailbox, str], receiver: Receiver
) -> None:
    began = time.monotonic()
    storm.rage(SECONDS)
    raged = time.monotonic()
    storm.calm(CALM_S)
    calmed = time.monotonic()
    facts = storm.facts
    rows = workplace.query('SELECT id, task, state, uncertain, crashes, attempts FROM "Outbox"')
    jobs = {row["id"]: row for row in rows}

    # Every acknowledged job is done.
    acknowledged = [*facts.mails, *facts.effects, *facts.invoices.values(), *facts.imports]
    assert {jobs[one]["state"] for one in acknowledged} == {"done"}
    # Database effects exactly once: contacts of jobs, rows of imports, deals of keys, numbers of invoices.
    once(workplace, storm, facts.effects)
    # At the receivers: distinct ids are the jobs, and every repeat is one that the operator is shown.
    letters = Counter(mail["Message-ID"].strip("<>").partition("@")[0] for mail in mailbox[0].taken)
    deliveries = Counter(headers["webhook-id"] for headers, _ in receiver.seen)
    assert set(letters) == {*facts.mails, *facts.invoices.values()}
    assert set(deliveries) == {row["id"] for row in rows if row["task"] == "webhook"}
    bodies = {headers["webhook-id"]: body for headers, body in receiver.seen}
    told = Counter(json.loads(body)["data"]["id"] for body in bodies.values())
    assert told == Counter(facts.deals)
    repeated = {one for one, times in (letters + deliveries).items() if times > 1}
    listed = uncertain(workplace)
    assert repeated <= listed
    assert all((letters + deliveries)[one] <= jobs[one]["uncertain"] + 1 for one in repeated)
    print(  # noqa: T201  (with -s: the storm's figures)
        f"\n{facts.jobs} jobs acknowledged in {raged - began:.0f} s ({facts.jobs / (raged - began):.0f}/s),"
        f" all done {calmed - raged:.1f} s later; killed: {dict(facts.kills)};"
        f" calls repeated {dict(facts.repeats)}, slowest {facts.slowest_s:.1f} s; jobs that crashed"
        f" {sum(row['crashes'] > 0 for row in rows)}, uncertain {len(listed)}, seen twice {len(repeated)};"
        f" mails {letters.total()} of {len(letters)}, webhooks {deliveries.total()} of {len(deliveries)}"
    )


def once(workplace: Workplace, storm: Storm, effects: list[str]) -> None:
    """What the database says of the storm's effects."""
    facts, tenant = storm.facts, storm.tenant.id
    names = [row["name"] for row in workplace.query('SELECT name FROM "Contact" WHERE "tenantId" = %s', tenant)]
    counted = Counter(names)
    assert {one: counted[one] for one in effects} == dict.fromkeys(effects, 1)
    assert sum(name.startswith("import-") for name in names) == IMPORT_ROWS * len(facts.imports)
    assert counted.most_common(1)[0][1] == 1
    assert len(names) == len(effects) + IMPORT_ROWS * len(facts.imports)
    deals = workplace.query('SELECT id FROM "Deal" WHERE "tenantId" = %s', tenant)
    assert Counter(row["id"] for row in deals) == Counter(facts.deals)
    sent = workplace.query("""SELECT id, "invoiceNumber" AS number FROM "Invoice" WHERE "tenantId" = %s""", tenant)
    assert {row["id"] for row in sent} == set(facts.invoices)
    numbers = sorted(int(re.sub(r".*/", "", row["number"])) for row in sent)
    assert numbers == list(range(1, len(sent) + 1))


def uncertain(workplace: Workplace) -> set[str]:
    """The jobs that `payaidctl jobs list --uncertain` names."""
    run = subprocess.run(
        [sys.executable, "-c", "from payaidctl.cli import main; main()", "jobs", "list", "--uncertain", "--limit",
         "10000", "-o", "json"],
        env={**os.environ, **workplace.env}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    findings = json.loads(run.stdout)["findings"]
    return {one["id"].partition("/")[2] for one in findings}


def test_a_queue_that_is_away_delays_jobs_and_nothing_else(
    storm: Storm, workplace: Workplace, mailbox: tuple[Mailbox, str]
) -> None:
    workplace.node.kill()
    storm.rage(AWAY_S, kills=False)
    facts = storm.facts
    assert not facts.repeats  # every request was answered at once, as it should be
    assert facts.slowest_s < 5.0
    assert mailbox[0].taken == []
    workplace.node.start()
    back = time.monotonic()
    storm.calm(CALM_S)
    letters = Counter(mail["Message-ID"].strip("<>").partition("@")[0] for mail in mailbox[0].taken)
    assert letters == Counter([*facts.mails, *facts.invoices.values()])
    once(workplace, storm, facts.effects)
    print(  # noqa: T201
        f"\nqueue away {AWAY_S:.0f} s: {facts.jobs} jobs acknowledged, slowest call {facts.slowest_s:.2f} s,"
        f" all done {time.monotonic() - back:.1f} s after it was back"
    )
