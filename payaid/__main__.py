"""`payaid serve` runs the API; `payaid work` runs the background worker. Settings come from the environment."""

import sys

from payaid.settings import Settings, SettingsError

HEAD_BUFFER = 65_536
USAGE = """\
usage: payaid serve    run the API (HOST, PORT, WORKERS ...)
       payaid work     run the background worker

Settings are read from the environment; `payaidctl check-env` judges them.
"""


def serve(settings: Settings) -> None:
    """Run the API under Granian, until SIGTERM."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings

    Granian(
        "payaid.app:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        # A head that does not fit is a bare 431, before anything of ours runs; the default would hold 400 KiB for each.
        http1_settings=HTTP1Settings(max_buffer_size=HEAD_BUFFER),
        websockets=False,
        backlog=settings.backlog,
        # Granian's name for the accepted connections of one worker: the default would stall 10,000 users.
        backpressure=settings.connections,
        respawn_failed_workers=True,
        workers_kill_timeout=int(settings.drain_s) + 5,
        process_name="payaid-api",
        log_access=False,
    ).serve()


def work(settings: Settings) -> None:
    """Run the worker, until SIGTERM."""
    import uvloop

    from payaid.jobs import worker
    from payaid.telemetry.log import configure

    configure(settings)
    uvloop.run(worker.run(settings))


def main() -> None:
    """The command line: two words, one argument each."""
    words = {"serve": serve, "work": work}
    if len(sys.argv) != 2 or sys.argv[1] not in words:
        sys.stderr.write(USAGE)
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else 2)
    try:
        settings = Settings.read()
    except SettingsError as error:
        for name, what in error.mistakes:
            sys.stderr.write(f"error: {name}: {what}\n")
        sys.stderr.write(" next: mend the environment; `payaidctl check-env` explains every setting\n")
        sys.exit(2)
    words[sys.argv[1]](settings)


if __name__ == "__main__":
    main()
