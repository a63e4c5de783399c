"""The warming job fills the cache of the tenant that it was written for."""

from tests.fixtures.jobs import Workplace


def test_a_tenants_first_reads_are_in_the_cache(workplace: Workplace) -> None:
    workplace.worker()
    job = workplace.write("warm", {"modules": ["crm", "finance"]}, dedupe="login")
    result = workplace.await_state(job, "done")["result"]
    assert result["entries"] >= 5
    assert result["bytes"] > 0


def test_a_tenant_that_is_activated_is_warmed_whoever_does_it(workplace: Workplace) -> None:
    def jobs() -> int:
        return int(workplace.query("""SELECT count(*) FROM "Outbox" WHERE task = 'warm'""")[0]["count"])

    before = jobs()
    for status, new in (("trial", 0), ("active", 0), ("suspended", 0), ("active", 1)):
        workplace.query("""UPDATE "Tenant" SET status = %s WHERE id = 'north' RETURNING id""", status)
        assert jobs() - before == new, status
    workplace.worker()
    workplace.await_all_done()
