"""A few processes for what keeps a processor busy (PDFs, spreadsheets): the worker's loop and its leases go on.

Not `multiprocessing`, nor a ProcessPoolExecutor: here a deadline or a cancel kills the very process that is at work,
and one that dies takes no other's work with it.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from payaid.jobs.child import LENGTH, framed
from payaid.jobs.policy import Transient

P = ParamSpec("P")
T = TypeVar("T")
# A library that leaks is forgotten with its process.
MOST_CALLS = 200
# A child needs none of the service's secrets.
INHERITED = ("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "PYTHON", "PAYAID_CONTENT", "VIRTUAL_ENV")


class Died(Transient):
    """The child is dead: out of memory, of a crash in a library, or somebody killed it."""


class Processes:
    """At most `size` children of so much memory each, started when they are needed and used again."""

    def __init__(self, size: int, memory: int) -> None:
        self._memory = memory
        # Last in, first out: one that is warm is used before another is started.
        self._idle: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._children: set[_Child] = set()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a top-level pure function answers, computed in a child. Waits for a free one.

        Cancelled (a deadline, a person, a drain), it kills the child.

        Raises:
            Died: the child did, of memory perhaps. Whatever the function raises is raised here.
        """
        child = await self._idle.get()
        try:
            if child is None or child.calls >= MOST_CALLS:
                if child:
                    await self._end(child)
                child = await self._started()
            done, answer = await child.ask(function, args, kwargs)
        except BaseException:
            if child:
                await asyncio.shield(self._end(child))
            self._idle.put_nowait(None)
            raise
        self._idle.put_nowait(child)
        if not done:
            raise cast("Exception", answer)
        return cast("T", answer)

    async def close(self) -> None:
        """End every child."""
        for child in list(self._children):
            await self._end(child)

    async def _started(self) -> "_Child":
        starting = asyncio.ensure_future(self._start())
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await self._end(await starting)
            raise

    async def _start(self) -> "_Child":
        env = {name: value for name, value in os.environ.items() if name.startswith(INHERITED)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "payaid.jobs.child", str(self._memory), stdin=PIPE, stdout=PIPE, env=env
        )
        child = _Child(process)
        self._children.add(child)
        return child

    async def _end(self, child: "_Child") -> None:
        self._children.discard(child)
        await child.kill()


class _Child:
    def __init__(self, process: Process) -> None:
        self.calls = 0
        self._process = process

    async def ask(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[bool, Any]:
        self.calls += 1
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None, "its stdout is a pipe"  # noqa: S101
        assert sink is not None, "its stdin is a pipe"  # noqa: S101
        message = framed((function, args, kwargs))
        try:
            sink.write(message)
            await sink.drain()
            (length,) = LENGTH.unpack(await source.readexactly(LENGTH.size))
            answer: tuple[bool, Any] = pickle.loads(await source.readexactly(length))  # noqa: S301  from our own child
        except (OSError, asyncio.IncompleteReadError) as error:
            status = await self._process.wait()
            raise Died(f"the process that ran {function.__name__} died (status {status})") from error
        return answer

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
