"""`payaid work` as the tests run it: the same worker, with the test tasks beside the real ones and quick clocks."""

import asyncio
import json
import os
from pathlib import Path

from payaid.jobs import tasks
from payaid.jobs.policy import Pace
from payaid.jobs.worker import run
from payaid.settings import Settings

tasks.__path__.append(str(Path(__file__).parent / "tasks"))
asyncio.run(run(Settings.read(), Pace(**json.loads(os.environ["TEST_PACE"]))))
