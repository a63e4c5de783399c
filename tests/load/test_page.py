"""The page, looked at by a real browser: charts are drawn, nothing is fetched, nothing complains."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from payaidctl.load import chart
from tests.fixtures.load import Rehearsal

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def look(page: Path, width: int, picture: Path) -> str:
    """A screenshot at this width; returns what the browser said."""
    done = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
         "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={picture.parent / 'profile'}",
         f"--window-size={width},3000", f"--screenshot={picture}", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stderr


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_page_is_whole_in_a_browser(
    stub: Callable[..., str], rehearse: Callable[[str], Rehearsal], tmp_path: Path
) -> None:
    rehearsal = rehearse(stub(fail="/api/v1/crm/products:3"))
    rehearsal(plateau="2 s")
    page = rehearsal.session.folder / "report.html"
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?(https?:)?//""", text)  # no other host
    assert text.count("<svg") >= 6
    for width in (520, 1200):
        said = look(page, width, tmp_path / f"{width}.png")
        assert "CONSOLE" not in said
        assert (tmp_path / f"{width}.png").stat().st_size > 40_000  # a blank page is a few kilobytes
    assert "It broke" in text  # what the failing endpoint said


def test_a_line_chart_puts_values_where_they_belong() -> None:
    points = [(0.0, 0.0), (10.0, 100.0)]
    svg = chart.lines("t", [chart.Line("a", points, 0)], "ms", shades=[chart.Shade(0, 5, "ramp")])
    bottom, top = chart.HEIGHT - chart.BOTTOM, chart.TOP
    assert f"M{chart.LEFT:.1f} {bottom:.1f} L{chart.WIDTH - chart.RIGHT:.1f} {top:.1f}" in svg
    half = (chart.WIDTH - chart.RIGHT - chart.LEFT) / 2
    assert f'width="{half:.1f}"' in svg  # the ramp takes half of ten seconds
    assert ">ms<" in svg
    assert ">s<" in svg


def test_a_gap_breaks_the_line_and_text_is_escaped() -> None:
    svg = chart.lines("<script>", [chart.Line("a&b", [(0.0, 1.0), (1.0, None), (2.0, 1.0)], 0)], "ms")
    assert svg.count("M") >= 2
    assert "<script>" not in svg
    assert "a&amp;b" in svg


@pytest.mark.parametrize(("low", "high", "first", "last"), [(0, 7, 0, 8), (0, 100, 0, 100), (0, 0.03, 0, 0.03)])
def test_axes_have_round_ticks(low: float, high: float, first: float, last: float) -> None:
    scale = chart.linear(low, high, 0, 1, 4)
    assert scale.ticks[0] == first
    assert scale.ticks[-1] == pytest.approx(last)


def test_nothing_measured_is_said() -> None:
    assert "Nothing was measured" in chart.lines("t", [], "ms")
    assert "Nothing was measured" in chart.bars("t", [], "ms")
