"""`own`: a stack that these tests may stop, break and repair, apart from the session's."""

import shutil
from collections.abc import Iterator

import pytest

from payaidctl.stack import Stack


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its data services run; a test that stops one starts it again."""
    folder = tmp_path_factory.mktemp("own")
    stack = Stack.at(folder)
    try:
        stack.up(groups=["data"], durable=False)
        yield stack
    finally:
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)
