"""The load, by wrk: a request a token, in turns; interleaved pairs cancel what the machine does meanwhile."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
SCRIPT = """
local tokens, place = {{}}, 0
for line in io.lines("{tokens}") do tokens[#tokens + 1] = line end
local prepared = {{}}
init = function()
  for i = 1, #tokens do
    prepared[i] = wrk.format("{method}", string.gsub("{path}", "#", tostring(i)),
      {{["authorization"] = "Bearer " .. tokens[i], ["content-type"] = "application/json"}}, {body})
  end
end
request = function()
  place = place % #prepared + 1
  return prepared[place]
end
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """What is requested; `#` in the path stands for the tenant's number."""

    path: str
    method: str = "GET"
    body: str = ""

    def script(self, tokens: Path) -> str:
        """The wrk script; requests are formatted once, so that wrk is not what is measured."""
        body = f"[==[{self.body}]==]" if self.body else "nil"
        return SCRIPT.format(tokens=tokens, method=self.method, path=self.path, body=body)


def needs_wrk() -> str:
    """The path of wrk.

    Raises:
        SystemExit: it is not installed.
    """
    if found := shutil.which("wrk"):
        return found
    raise SystemExit("error: wrk is not installed\n next: apt-get install wrk")


def rate(url: str, shot: Shot, tokens: Path, seconds: int, connections: int = 64) -> float:
    """Requests a second of one round; any answer that is no success makes the round worthless."""
    script = tokens.with_suffix(".lua")
    script.write_text(shot.script(tokens), encoding="utf-8")
    command = [needs_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if failed := FAILED.search(told):
        raise SystemExit(f"error: {failed[1]} answers of {url}{shot.path} were no success; this is no measurement")
    found = RATE.search(told)
    if found is None:
        raise SystemExit(f"error: wrk told no rate:\n{told}")
    return float(found[1])


def pairs(ours: str, theirs: str, shot: Shot, tokens: Path, rounds: int, seconds: int) -> tuple[float, float, float]:
    """(our rate, their rate, ratio): medians; each ratio is of two rounds one after the other."""
    both = []
    for _ in range(rounds):
        other = rate(theirs, Shot("/"), tokens, seconds)
        both.append((rate(ours, shot, tokens, seconds), other))
    return median(a for a, _ in both), median(b for _, b in both), median(a / b for a, b in both)
