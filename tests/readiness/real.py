"""Which checks are failed, and passed, by a system that is really so: by the tests' own declarations."""

from tests.readiness import test_exposure, test_faults, test_load_evidence, test_on_service, test_service_faults

MODULES = (test_exposure, test_faults, test_load_evidence, test_on_service, test_service_faults)


def made() -> set[str]:
    """The ids in every module's REAL."""
    return {identifier for module in MODULES for identifier in module.REAL}
