"""The databases that other tests are given are what they claim to be."""

import psycopg

from tests.fixtures.database import Database


def one(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        row = connection.execute(question).fetchone()
    assert row
    return row[0]


def test_every_url_leads_to_this_database(database: Database) -> None:
    urls = (
        database.owner_url,
        database.service_url,
        database.listen_url,
        database.read_url,
        database.read_direct_url,
        database.replica_owner_url,
        database.superuser_url,
        database.monitor_url,
    )
    assert {one(url, "SELECT current_database()") for url in urls} == {database.name}


def test_reads_go_to_the_standby_and_writes_to_the_primary(database: Database) -> None:
    assert one(database.service_url, "SELECT pg_is_in_recovery()") is False
    assert one(database.read_url, "SELECT pg_is_in_recovery()") is True
    assert one(database.read_direct_url, "SELECT pg_is_in_recovery()") is True


def test_the_schema_is_there_and_the_service_owns_nothing(database: Database) -> None:
    assert one(database.read_url, """SELECT to_regclass('"Contact"') IS NOT NULL""") is True
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'payaid_service'::regrole"
    assert one(database.owner_url, owned) == 0


def test_databases_are_apart(database: Database, module_database: Database) -> None:
    assert database.name != module_database.name
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("CREATE TABLE here_alone ()")
    assert one(module_database.owner_url, "SELECT to_regclass('here_alone')") is None


def test_the_settings_are_valid(database: Database) -> None:
    settings = database.settings(CACHE="false")
    assert settings.primary_dsn == database.service_url
    assert settings.cache is False
