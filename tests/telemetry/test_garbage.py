"""The collector of cycles: it leaves alone what a process keeps, and its stops are counted."""

import gc
import subprocess
import sys

SCRIPT = """
import gc, time
from payaid import garbage, observe
kept = [[n] for n in range(300_000)]
seen = []
observe.subscribe(observe.Collected, seen.append)
garbage.settle()
assert gc.get_count()[0] < 2_000 and gc.get_freeze_count() > 300_000
for n in range(100_000):
    one = []
    one.append(one)
assert {fact.generation for fact in seen} <= {0, 1}, seen
assert all(0 <= fact.seconds < 1 for fact in seen)
assert len(gc.get_objects()) < 50_000, "cycles are still collected"
assert max(fact.seconds for fact in seen) < 0.2, "what was kept is not looked through"
print(len(seen))
"""


def test_a_process_that_has_settled_collects_the_young_alone_and_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 15
    assert gc.get_freeze_count() == 0, "this process is as it was"
