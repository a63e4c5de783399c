"""The warming job fills the cache of the tenant that it was written for."""

from tests.fixtures.jobs import Workplace


def test_a_tenants_first_reads_are_in_the_cache(workplace: Workplace) -> None:
    workplace.worker()
    job = workplace.write("warm", {"modules": ["crm", "finance"]}, dedupe="login")
    result = workplace.await_state(job, "done")["result"]
    assert result["entries"] >= 5
    assert result["bytes"] > 0
