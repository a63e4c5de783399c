"""The fixtures that all tests share; each plugin says in its docstring what it gives."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every process that a test starts in order to interrupt it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
