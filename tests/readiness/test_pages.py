"""The pages in a real browser, as wide as a phone and as a desk: nothing is cut, complained of, or asked elsewhere."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from payaidctl.finding import Report
from payaidctl.readiness.run import run
from payaidctl.target import Target
from payaidctl.tell import html
from tests.fixtures.api import Api
from tests.readiness.browser import PROGRAM, Browser, browser

WIDTHS = (380, 1280)
TOKEN = "0123456789abcdef" * 3
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def look(tab: Browser, url: str, folder: Path, headers: Mapping[str, str] | None = None, stay_s: float = 0.0) -> str:
    """The page's text, after it was found whole at each width."""
    text = ""
    for width in WIDTHS:
        picture = folder / f"{width}.png"
        seen = tab.look(url, width, picture, headers=headers, stay_s=stay_s)
        assert (seen.said, seen.elsewhere, seen.cut) == ([], [], []), f"at {width}"
        assert picture.stat().st_size > 20_000, "a blank page is a few kilobytes"
        text = seen.text
    return text


def readiness(env: Mapping[str, str]) -> Report:
    return asyncio.run(run(Target(dict(env), "a test"), "roadmap", timeout_s=2.0, told=lambda _: None))


def test_the_report_of_a_system_with_many_faults(tab: Browser, tmp_path: Path) -> None:
    """The worst page: most findings are open, with long texts."""
    faults = {
        "DATABASE_URL": "postgresql://svc:undefined@127.0.0.1:1/payaid", "JWT_SECRET": "change-me-in-production",
        "REDIS_CLUSTER_NODES": "127.0.0.1:1,127.0.0.1:2", "QUEUE_REDIS_URL": "redis://127.0.0.1:1",
        "API_URL": "http://127.0.0.1:1", "DATABASE_READ_URL": "postgresql://svc:undefined@127.0.0.1:1/payaid",
    }  # fmt: skip
    page = tmp_path / "report.html"
    html.write(readiness(faults), page)
    text = look(tab, page.as_uri(), tmp_path)
    assert "Fail" in text
    assert "a placeholder" in text
    assert "undefined" not in text, "a value is never shown"


def test_the_operators_page(tab: Browser, api: Api, tmp_path: Path) -> None:
    person = api.owner()
    for _ in range(20):
        person.get("/api/v1/contacts")
    headers = {"authorization": f"Bearer {api.env['OPS_TOKEN']}"}
    text = look(tab, f"{api.url}/ops", tmp_path, headers, stay_s=2.5)
    assert "Live" in text, "its script asks for new figures"
    assert "/api/v1/crm/contacts" in text


def test_the_reference(tab: Browser, api: Api, tmp_path: Path) -> None:
    assert "/api/v1/crm/contacts" in look(tab, f"{api.url}/docs", tmp_path)
