"""The fixtures that all tests share; each plugin says in its docstring what it gives."""

pytest_plugins = [
    "tests.fixtures.stack",
    "tests.fixtures.database",
    "tests.fixtures.jobs",
    "tests.fixtures.outside",
    "tests.fixtures.api",
    "tests.fixtures.office",
    "tests.fixtures.properties",
    "tests.fixtures.keyvalue",
    "tests.fixtures.postgres15",
    "tests.fixtures.load",
    "tests.fixtures.schema",
    "tests.fixtures.relay",
    "tests.fixtures.replicas",
    "tests.fixtures.order",
]
