"""Certificates of real TLS servers on loopback, Redis' way and PostgreSQL's, near their end and far from it."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from payaidctl.finding import Status
from payaidctl.probes.certificates import SSL_REQUEST
from tests.readiness.look import asked

OPENSSL = shutil.which("openssl") or "openssl"
Serve = Callable[[int, bool], int]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers whose certificate is valid for some days; returns the port of each."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def start(days: int, postgres: bool) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(tmp_path, days))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                if postgres and await reader.readexactly(8) == SSL_REQUEST:
                    writer.write(b"S")
                    await writer.start_tls(context)
                await reader.read()

        begun = asyncio.start_server(answer, "127.0.0.1", 0, ssl=None if postgres else context)
        servers.append(asyncio.run_coroutine_threadsafe(begun, loop).result(10))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start

    async def end() -> None:
        for server in servers:
            server.close()
        answering = asyncio.all_tasks() - {asyncio.current_task()}
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def certificate(folder: Path, days: int) -> tuple[Path, Path]:
    crt, key = folder / f"{days}.crt", folder / f"{days}.key"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-days", str(days), "-out", crt, "-keyout", key],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return crt, key


@pytest.mark.parametrize(("days", "status"), [(90, Status.PASS), (3, Status.FAIL)])
def test_the_first_to_end_decides(serve: Serve, days: int, status: Status) -> None:
    env = {
        "REDIS_URL": f"rediss://127.0.0.1:{serve(days, False)}",
        "DATABASE_URL": f"postgresql://u@127.0.0.1:{serve(400, True)}/d?sslmode=require",
    }
    found = asked("security.certificates", env)
    assert found.status is status, found
    assert found.observed.startswith((f"{days - 0.1:.1f} days", f"{float(days)} days"))


def test_a_year_after_2049_is_written_otherwise_and_read_too(serve: Serve) -> None:
    found = asked("security.certificates", {"API_URL": f"https://127.0.0.1:{serve(40 * 365, False)}"})
    assert found.status is Status.PASS


def test_without_tls_anywhere_there_is_nothing_to_see() -> None:
    assert asked("security.certificates", {"API_URL": "http://127.0.0.1:1"}).status is Status.SKIP


def test_a_server_without_the_tls_that_its_url_asks_for_is_no_pass(serve: Serve) -> None:
    async def main() -> None:
        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                await reader.readexactly(8)
                writer.write(b"N")

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            url = f"postgresql://u@127.0.0.1:{port}/d?sslmode=require"
            found = await asyncio.to_thread(asked, "security.certificates", {"DATABASE_URL": url})
            assert (found.status, "offers no TLS" in found.observed) == (Status.INCONCLUSIVE, True)

    asyncio.run(main())
