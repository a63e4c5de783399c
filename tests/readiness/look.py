"""One check asked of a target, as `payaidctl readiness` asks it: probe, then judgement."""

import asyncio
from collections.abc import Mapping

from payaidctl.finding import Finding
from payaidctl.readiness import catalogue
from payaidctl.readiness.run import ask, judge, question
from payaidctl.target import Target


def asked(identifier: str, env: Mapping[str, str], profile: str = "ci", *, embedded: bool = False) -> Finding:
    """The finding of one check on a system with these settings."""
    check = catalogue.check(identifier)
    wanted = question(check, profile)
    told = asyncio.run(ask([wanted], Target(dict(env), "a test", embedded), 5.0, lambda _: None))
    return judge(check, told[wanted.key], profile)
