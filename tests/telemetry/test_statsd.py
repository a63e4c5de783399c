"""StatsD: what is sent, under which names, and when."""

import asyncio
import socket

import pytest

from payaid import observe
from payaid.telemetry import statsd
from payaid.telemetry.statsd import StatsD


def test_an_answer_is_three_lines_that_do_not_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statsd, "EVERY_S", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        sender = StatsD("127.0.0.1", server.getsockname()[1])
        sender.subscribe()

        async def scene() -> None:
            task = asyncio.ensure_future(sender.keep())
            fact = observe.Answered("/api/v1/crm/contacts/{id}", "GET", 200, "", "", "", "", 0.0125, "", "", "")
            observe.emit(fact)
            packet = await asyncio.to_thread(server.recv, 2000)
            task.cancel()
            assert packet.splitlines() == [
                b"api.api_v1_crm_contacts_id.duration:12|ms", b"api.api_v1_crm_contacts_id.200:1|c",
                b"api.total_requests:1|c",
            ]  # fmt: skip

        try:
            asyncio.run(scene())
        finally:
            observe.silence()
            sender.close()
