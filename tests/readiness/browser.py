"""A real browser, by its debugging protocol: a page at a width, what it said, whom it asked, and what was cut off."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websocket

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Whatever is wider than the page and cannot be scrolled in a box of its own; and text that a box hides.
CUT = """(() => {
  const found = [], page = document.documentElement.clientWidth;
  const boxed = (node) => { for (let up = node.parentElement; up; up = up.parentElement)
      if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return true; return false; };
  for (const node of document.body.querySelectorAll('*')) {
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height || boxed(node)) continue;
    const style = getComputedStyle(node);
    if (style.position === 'absolute' && box.width <= 1) continue;
    if (box.right > page + 1 || box.left < -1)
      found.push(`${node.tagName} ${node.className} reaches ${box.left}-${box.right}`);
    if (style.overflowX === 'hidden' && node.scrollWidth > node.clientWidth + 1 && node.children.length === 0)
      found.push(`${node.tagName} ${node.className} hides its text: ${node.textContent.slice(0, 60)}`);
  }
  return found.slice(0, 10);
})()"""


@dataclass(frozen=True, slots=True)
class Seen:
    """`said`: errors and warnings on the console; `asked`: every URL that was requested; `cut`: what does not fit."""

    said: list[str]
    asked: list[str]
    cut: list[str]
    text: str

    @property
    def elsewhere(self) -> list[str]:
        """Requests that left this machine."""
        return [one for one in self.asked if urlsplit(one).hostname not in {None, "", "127.0.0.1", "localhost"}]


class Browser:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self._events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._do(f"{domain}.enable")

    def look(
        self, url: str, width: int, picture: Path, *, headers: Mapping[str, str] | None = None, stay_s: float = 0.0
    ) -> Seen:
        """Open the page at this width, stay for a while, and take a picture of its whole length."""
        self._events.clear()
        mobile = width < 600
        self._do("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=mobile)
        self._do("Network.setExtraHTTPHeaders", headers=dict(headers or {}))
        self._do("Page.navigate", url=url)
        self._until(lambda event: event["method"] == "Page.loadEventFired")
        self._listen(stay_s)
        cut = self._do("Runtime.evaluate", expression=CUT, returnByValue=True)["result"]["value"]
        text = self._do("Runtime.evaluate", expression="document.body.innerText", returnByValue=True)["result"]["value"]
        shot = self._do("Page.captureScreenshot", captureBeyondViewport=True)
        picture.write_bytes(base64.b64decode(shot["data"]))
        asked = [one["params"]["request"]["url"] for one in self._of("Network.requestWillBeSent")]
        return Seen(self._said(), [one for one in asked if not one.startswith("data:")], cut, text)

    def _said(self) -> list[str]:
        entries = [one["params"]["entry"] for one in self._of("Log.entryAdded")]
        said = [entry["text"] for entry in entries if entry["level"] in {"error", "warning"}]
        said += [str(one["params"]["args"]) for one in self._of("Runtime.consoleAPICalled")]
        return said + [str(one["params"]["exceptionDetails"]) for one in self._of("Runtime.exceptionThrown")]

    def _of(self, method: str) -> list[dict[str, Any]]:
        return [one for one in self._events if one["method"] == method]

    def _do(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = self._receive(20.0)
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message}"
                answer: dict[str, Any] = message["result"]
                return answer

    def _until(self, wanted: Any) -> None:
        while not any(wanted(event) for event in self._events):
            self._receive(20.0)

    def _listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self._receive(left)
            except websocket.WebSocketTimeoutException:
                return

    def _receive(self, seconds: float) -> dict[str, Any]:
        self._socket.settimeout(seconds)
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self._events.append(message)
        return message


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser that can reach this machine alone, with a profile of its own in `folder`."""
    process = subprocess.Popen(
        [str(PROGRAM), "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={folder / 'profile'}",
         "--remote-allow-origins=*", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        place = folder / "profile" / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not (place.exists() and len(place.read_text().splitlines()) == 2):
            assert time.monotonic() < deadline, "the browser did not start"
            time.sleep(0.05)
        port = place.read_text().splitlines()[0]
        with_tabs = websocket.create_connection(f"ws://127.0.0.1:{port}{place.read_text().splitlines()[1]}", timeout=20)
        with_tabs.send(json.dumps({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}))
        tab = json.loads(with_tabs.recv())
        while tab.get("id") != 1:
            tab = json.loads(with_tabs.recv())
        address = f"ws://127.0.0.1:{port}/devtools/page/{tab['result']['targetId']}"
        yield Browser(websocket.create_connection(address, timeout=20))
    finally:
        process.terminate()
        process.wait(20)
