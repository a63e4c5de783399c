"""A process for work that keeps a processor busy: `python -m payaid.jobs.child MEMORY`, asked over its pipes.

Each way a message is its length, eight bytes, and a pickle. It is asked (function, args, kwargs), and answers
(True, result) or (False, exception); its end is the end of its input.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import threading
import time
from typing import Any, BinaryIO

LENGTH = struct.Struct(">Q")
# What answers requests on this machine comes first.
NICER = 10
PARENT_EVERY_S = 0.5


def framed(message: Any) -> bytes:
    """A message as it stands on a pipe."""
    text = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(text)) + text


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends its children
    os.nice(NICER)
    # A workbook of a megabyte may unfold to a hundred times that: what needs more than this dies, and nothing else.
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (message := _message(sys.stdin.buffer)) is not None:
        answers.write(_answer(*message))
        answers.flush()


def _answer(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    try:
        return framed((True, function(*args, **kwargs)))
    except Exception as error:  # noqa: BLE001  it is the caller's, whatever it is
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301  our own, a moment ago
        except Exception:  # noqa: BLE001
            return framed((False, RuntimeError(f"{type(error).__name__}: {error}")))
        return framed((False, error))


def _message(source: BinaryIO) -> Any:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    return pickle.loads(source.read(length))  # noqa: S301  from the worker alone


def _end_with(parent: int) -> None:
    """A worker that was killed says nothing: work that nobody waits for ends all the same."""
    while os.getppid() == parent:
        time.sleep(PARENT_EVERY_S)
    os._exit(1)


if __name__ == "__main__":
    main()
