"""Each service of the stack is the real thing, set as it is documented."""

import time
from collections.abc import Callable

import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from payaidctl.stack import Condition, Stack
from payaidctl.stack.component import ComponentState
from payaidctl.stack.site import CACHE_NODES
from tests.fixtures.database import admin, await_replay


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def state(stack: Stack, name: str) -> ComponentState:
    return next(one for one in stack.components() if one.name == name)


def shown(url: str, *names: str) -> dict[str, str]:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(names)]
        )
        return dict(rows.fetchall())


def test_the_servers_are_set_as_documented(stack: Stack) -> None:
    both = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "wal_writer_delay": "10ms",
        "synchronous_commit": "on",
        "jit": "off",
        "shared_preload_libraries": "pg_stat_statements",
        "password_encryption": "scram-sha-256",
        "TimeZone": "UTC",
        "log_parameter_max_length": "0",
    }
    standby = {"hot_standby_feedback": "on", "max_standby_streaming_delay": "2s"}
    primary = stack.site.postgres("postgres", "primary")
    replica = stack.site.postgres("postgres", "replica")
    assert shown(primary, *both) == both
    assert shown(replica, *both, *standby) == both | standby


def test_fsync_is_off_for_tests_alone(stack: Stack) -> None:
    assert shown(stack.site.postgres("postgres", "primary"), "fsync") == {"fsync": "off"}
    assert stack.choices.durable is False
    assert type(stack.choices)().durable is True


def test_the_roles_have_what_they_need_and_no_more(stack: Stack) -> None:
    with admin(stack) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolpassword ~ '^SCRAM'"
            " FROM pg_authid WHERE rolname LIKE 'payaid%' ORDER BY rolname"
        ).fetchall()
    assert roles == [
        ("payaid_monitor", False, False, False, False, False, True),
        ("payaid_owner", False, True, False, False, False, True),
        ("payaid_replication", False, False, False, False, True, True),
        ("payaid_service", False, False, False, False, False, True),
    ]


def test_the_owner_reads_statistics_on_both_servers(stack: Stack) -> None:
    for server in ("primary", "replica"):
        with psycopg.connect(stack.site.postgres("payaid_owner", server), autocommit=True) as connection:
            hidden = connection.execute(
                "SELECT count(*) FROM pg_stat_statements WHERE query = '<insufficient privilege>'"
            ).fetchone()
            assert hidden == (0,)
            installed = connection.execute("SELECT array_agg(extname::text) FROM pg_extension").fetchone()
            assert installed
            assert {"pg_stat_statements", "pg_trgm"} <= set(installed[0])


@pytest.mark.parametrize("role", ["payaid_service", "payaid_owner"])
def test_no_password_no_entry(stack: Stack, role: str) -> None:
    url = stack.site.postgres(role, "primary").replace(stack.site.secrets[role], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_no_password_no_answer(stack: Stack) -> None:
    for server in ("cache-1", "queue"):
        client = Redis(port=stack.site.ports[server], retry=Retry(NoBackoff(), 0))
        with client, pytest.raises(AuthenticationError):
            client.ping()


def test_what_the_primary_commits_the_replica_shows(own: Stack) -> None:
    with admin(own) as connection:
        connection.execute("CREATE TABLE streamed AS SELECT 'seen' AS word")
    await_replay(own)
    with psycopg.connect(own.site.postgres("postgres", "replica", "postgres"), autocommit=True) as connection:
        assert connection.execute("SELECT word FROM streamed").fetchone() == ("seen",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE written_here ()")
    with admin(own) as connection:
        slot = connection.execute("SELECT slot_name, active FROM pg_replication_slots").fetchall()
    assert slot == [("payaid_replica", True)]


def test_a_replica_that_lost_its_place_is_built_anew(own: Stack) -> None:
    own.stop(["replica"])
    with admin(own) as connection:
        connection.execute("SELECT pg_drop_replication_slot('payaid_replica')")
        connection.execute("CREATE TABLE IF NOT EXISTS meanwhile ()")
    own.start(["replica"])
    await_replay(own)
    assert state(own, "replica").state is Condition.READY
    with psycopg.connect(own.site.postgres("postgres", "replica", "postgres")) as connection:
        assert connection.execute("SELECT to_regclass('meanwhile')::text").fetchone() == ("meanwhile",)


def cluster(stack: Stack) -> "RedisCluster":
    port = stack.site.ports[CACHE_NODES[0]]
    return RedisCluster("127.0.0.1", port, password=stack.env()["REDIS_PASSWORD"], decode_responses=True)


def test_the_cluster_has_six_nodes_that_share_all_slots(own: Stack) -> None:
    with cluster(own) as client:
        nodes = client.cluster_nodes()
        masters = [one for one in nodes.values() if "master" in one["flags"]]
        assert len(nodes) == 6
        slots = [range(int(first), int(last) + 1) for one in masters for first, last in one["slots"]]
        assert sorted(slot for span in slots for slot in span) == list(range(16_384))
        assert len(masters) == 3
        followed = {one["master_id"] for one in nodes.values() if "slave" in one["flags"]}
        assert followed == {one["node_id"] for one in masters}
        for number in range(50):
            assert client.set(f"key-{number}", number)
        assert [client.get(f"key-{number}") for number in range(50)] == [str(number) for number in range(50)]


def test_a_lost_master_is_replaced_by_its_replica(own: Stack) -> None:
    own.stop(["cache-1"])
    until(lambda: state(own, "cache-4").detail.startswith("master"), 15, "cache-4 took over from cache-1")
    own.start(["cache-1"])
    until(lambda: state(own, "cluster").state is Condition.READY, 15, "the cluster is whole again")
    assert state(own, "cache-1").detail.startswith("replica")


def test_the_queue_keeps_what_it_is_given(stack: Stack) -> None:
    with Redis.from_url(stack.env()["QUEUE_REDIS_URL"], decode_responses=True) as client:
        settings = client.config_get("maxmemory-policy", "appendonly", "bind")
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "bind": "127.0.0.1"}


def test_the_pooler_holds_many_clients_on_few_connections(stack: Stack) -> None:
    if not stack.site.pooled:
        pytest.skip("PgBouncer is not installed")
    url = stack.env()["PGBOUNCER_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as console:
        rows = console.execute("SHOW CONFIG").fetchall()
        databases = {row[0]: row[2] for row in console.execute("SHOW DATABASES").fetchall()}
        with pytest.raises(psycopg.Error, match="admin access needed"):
            console.execute("PAUSE")
    settings = {row[0]: row[1] for row in rows}
    assert settings["pool_mode"] == "transaction"
    assert (settings["max_client_conn"], settings["default_pool_size"]) == ("10000", "25")
    assert settings["reserve_pool_size"] == "5"
    assert int(databases["payaid"]) == stack.site.ports["primary"]
    assert int(databases["payaid_read"]) == stack.site.ports["replica"]


def test_the_pooler_takes_clients_that_send_options(stack: Stack) -> None:
    if not stack.site.pooled:
        pytest.skip("PgBouncer is not installed")
    url = stack.env()["DATABASE_URL"]
    with psycopg.connect(url, options="-c statement_timeout=1s", prepare_threshold=None) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
