"""The conductor: checks, casts, starts the crew, watches the system in the same window, and judges."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payaid.rules.tiers import BUDGETS
from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.load import conformance, page, preflight, result
from payaidctl.load.cast import Caster, Troupe, read_tenants
from payaidctl.load.crew import Crew, describe, free_port
from payaidctl.load.judge import Conditions, judge
from payaidctl.load.live import Now, View
from payaidctl.load.measure import Measures, Step
from payaidctl.load.plan import Plan, new_run, runs_dir
from payaidctl.load.profile import Profile
from payaidctl.load.result import Run, environment
from payaidctl.load.sample import read, within
from payaidctl.load.tail import Alarm, Tail
from payaidctl.load.threshold import Threshold
from payaidctl.load.watch import Watchers
from payaidctl.load.watch.choose import watches
from payaidctl.target import Target
from payaidctl.terminal import say

Tenants = Callable[[Target], Awaitable[list[Any]]]
TICK_S = 2.0
RAMP_PATIENCE = 2.0
RAMP_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: generator processes, Locust's own page on this port (0: none), several machines."""

    processes: int = 1
    ui: bool = False
    bind: str = ""
    expect: int = 0


@dataclass(slots=True)
class Window:
    """The plateau, in seconds since 1970, and what happened to the users in it."""

    start: float = 0.0
    end: float = 0.0
    reached: int = 0
    least: int = 0
    aborted: str = ""
    broken: list[str] = field(default_factory=list)


class Session:
    """One run, from the checks to the findings."""

    def __init__(self, target: Target, profile: Profile, options: Options, tenants: Tenants = read_tenants) -> None:
        self.target = target
        self.profile = profile
        self.options = options
        self.tenants = tenants
        self.url = target.need("API_URL").rstrip("/")
        self.name = new_run(profile.name)
        self.folder = runs_dir() / self.name
        self.window = Window()
        self.now = Now()
        self.crew = Crew(self.folder)
        self.tail = Tail(self.folder)
        self.watchers = Watchers(watches(target, self.url))
        self.steps: list[Step] = []
        self.thresholds: list[Threshold] = []
        self.alarm = Alarm([])

    async def run(self) -> Report:
        """Run it all.

        Raises:
            UsageError: the profile, a scenario or a threshold is wrong, or the target too small; nothing was sent.
        """
        watch = Stopwatch("loadtest", str(self.target))
        described = await self._describe()
        checks, paths = await self._preflight()
        if any(_blocks(check) for check in checks):
            return watch.report(checks, {"run": "", "profile": self.profile.name, "users": 0})
        troupe = Caster(self.target, self.profile, described["people"], await self.tenants(self.target)).troupe()
        self.folder.mkdir(parents=True)
        self.now.wanted = sum(troupe.counts.values())
        started = time.time()
        try:
            await self._play(troupe, paths)
        finally:
            await self.crew.dismiss()
            await self.watchers.close()
            (self.folder / "plan.json").unlink(missing_ok=True)  # it holds everybody's token
        run = self._judge(troupe, started, checks)
        report = watch.report(run.findings, run.facts)
        result.write(run, report)
        page.write(run, report)
        return report

    async def _describe(self) -> dict[str, Any]:
        beside = {"noisy": self.profile.noisy, "logins": self.profile.logins}
        names = [*self.profile.mix, *(name for name, wanted in beside.items() if wanted)]
        described = await describe(names)
        self.steps = [Step(step["name"], step["class"], step["apart"]) for step in described["steps"]]
        classes = sorted({step.kind for step in self.steps})
        self.thresholds, aborts = self.profile.judged([step.name for step in self.steps], classes)
        self.alarm = Alarm(aborts)
        return described

    async def _preflight(self) -> tuple[list[Finding], list[str]]:
        ready, paths = await preflight.readiness(self.url)
        users = self.profile.users + self.profile.noisy
        return [*preflight.machine(self.profile, users, self.options.processes, self.url), ready], paths

    def _plan(self, troupe: Troupe, paths: list[str]) -> Plan:
        scenarios = list(dict.fromkeys([*self.profile.mix, *troupe.cast]))
        counts = {name: troupe.counts.get(name, 0) for name in scenarios}
        return Plan(
            run=self.name, url=self.url, scenarios=scenarios, counts=counts, ramp=self.profile.ramp,
            think=self.profile.think, timeout=self.profile.timeout, logins=self.profile.logins, paths=paths,
            cast=troupe.cast,
        )  # fmt: skip

    async def _play(self, troupe: Troupe, paths: list[str]) -> None:
        plan = self.folder / "plan.json"
        plan.touch(0o600)
        plan.write_text(self._plan(troupe, paths).dump(), encoding="utf-8")
        await self.watchers.open()
        with View(f"loadtest {self.profile.name} on {urlsplit(self.url).netloc}, run {self.name}") as view:
            ticking = asyncio.create_task(self._tick())
            try:
                await self._start(plan)
                if await self._ramp(view, troupe):
                    await self._plateau(view, troupe)
                await self._drain(view)
            finally:
                ticking.cancel()
                await asyncio.gather(ticking, return_exceptions=True)

    def _ui(self) -> int:
        if not self.options.ui:
            return 0
        port = free_port()
        say(f"Locust's own page: http://127.0.0.1:{port}")
        return port

    async def _start(self, plan: Path) -> None:
        common = ["--plan", str(plan), "--folder", str(self.folder), "--ui", str(self._ui())]
        if self.options.processes == 1 and not self.options.expect:
            await self.crew.start("0", "solo", *common)
            return
        host, _, port = (self.options.bind or f"127.0.0.1:{free_port()}").rpartition(":")
        expect = str(self.options.expect or self.options.processes)
        await self.crew.start("master", "master", *common, "--master", f"{host}:{port}", "--expect", expect)
        if not self.options.expect:
            for number in range(self.options.processes):
                await self.crew.start(str(number), "worker", "--master", f"{host}:{port}", "--name", str(number))

    async def _ramp(self, view: View, troupe: Troupe) -> bool:
        """Until every user is there and has settled. False: they did not come, or the run was aborted."""
        wanted = sum(troupe.counts.values())
        patience = wanted / self.profile.ramp * RAMP_PATIENCE + RAMP_PATIENCE_S
        deadline = time.monotonic() + patience
        self.now.phase = "ramp"
        while not (self.crew.spawned and self.crew.users >= wanted):
            if not await self._second(view, troupe) or time.monotonic() > deadline:
                self.window.reached = self.crew.users
                return False
        self.window.reached = self.crew.users
        return await self._stay(view, troupe, "settle", self.profile.settle)

    async def _plateau(self, view: View, troupe: Troupe) -> None:
        await self.watchers.begin()
        self.window.start, self.window.least = time.time(), self.crew.users
        ends_at = self.window.start + self.profile.plateau
        await self.crew.order(at=ends_at)
        await self._stay(view, troupe, "plateau", self.profile.plateau)
        self.window.end = min(ends_at, time.time())
        await self.watchers.end()

    async def _stay(self, view: View, troupe: Troupe, phase: str, seconds: float) -> bool:
        self.now.phase = phase
        self.now.until = time.monotonic() + seconds
        while (left := self.now.until - time.monotonic()) > 0:
            # The last second is the generator's own: it ends on time by its clock, and its users with it.
            if phase == "plateau" and left > 1.5:
                self.window.least = min(self.window.least, self.crew.users)
            if not await self._second(view, troupe, min(1.0, left)):
                return False
        self.now.until = 0.0
        return True

    async def _second(self, view: View, troupe: Troupe, seconds: float = 1.0) -> bool:
        """Let time pass and look; False when there is no point in going on."""
        await asyncio.sleep(seconds)
        self.tail.follow()
        self.now.users = self.crew.users
        self.now.generator_cpu = max((one.cpu[-1][1] for one in self.crew.workers.values() if one.cpu), default=0.0)
        self.now.measures = self.tail.measures(self.steps, self.crew.users, troupe.noisy)
        view.show(self.now)
        self.window.aborted = self.alarm.sounded(self.now.measures, time.monotonic())
        return not (self.crew.missing() or self.window.aborted)

    async def _drain(self, view: View) -> None:
        """Answers that are still to come, come within the timeout."""
        self.now.phase = "drain"
        view.show(self.now)
        await self.crew.order(at=time.time())
        await self.crew.finished(self.profile.timeout + 10)

    async def _tick(self) -> None:
        while True:
            self.now.reading = await self.watchers.tick()
            await asyncio.sleep(TICK_S)

    def _judge(self, troupe: Troupe, started: float, checks: list[Finding]) -> Run:
        samples = read(self.folder)
        window = self.window
        plateau = within(samples, round(window.start * 1e6), round(window.end * 1e6)) if window.end else []
        facts = {name: seen.facts for name, seen in self.watchers.seen.items() if seen.facts}
        why_not = {name: seen.why_not for name, seen in self.watchers.seen.items() if seen.why_not}
        seconds = max(window.end - window.start, 1e-9)
        measures = Measures(plateau, self.steps, seconds, window.least, troupe.noisy, facts, why_not)
        findings = [check for check in checks if check.status is not Status.PASS]
        findings += judge(self.profile, self.thresholds, measures, self._conditions(troupe, facts))
        if troupe.noisy >= 0:
            skew = float(facts.get("redis", {}).get("clockSkewS", 0.0))
            degraded = float(facts.get("service", {}).get("limiterDegraded", 0.0))
            limit = BUDGETS[troupe.noisy_tier].minute
            findings += conformance.judge(conformance.read(self.folder), limit, skew, degraded)
        return Run(
            name=self.name, folder=self.folder, profile=self.profile, started=started, start=window.start,
            end=window.end, samples=samples, measures=measures, findings=findings, seen=self.watchers.seen,
            generator={name: worker.cpu for name, worker in self.crew.workers.items()},
            environment=environment(self.target, self.profile, self.options.processes, len(troupe.seats)),
        )  # fmt: skip

    def _conditions(self, troupe: Troupe, facts: Mapping[str, Any]) -> Conditions:
        window = self.window
        cpu = {
            name: [value for at, value in worker.cpu if window.start < at <= window.end]
            for name, worker in self.crew.workers.items()
        }
        return Conditions(
            users_wanted=sum(troupe.counts.values()), users_reached=window.reached,
            users_least=window.least, lost=list(self.crew.missing()), broken=self.crew.broken, cpu=cpu,
            strangers=float(facts.get("processes", {}).get("strangers", {}).get("share", 0.0)),
            clock_step_s=max((abs(worker.drift) for worker in self.crew.workers.values()), default=0.0),
            restarted=[name for name, fact in facts.items() if fact.get("restarted")], aborted=window.aborted,
        )  # fmt: skip


def _blocks(check: Finding) -> bool:
    return check.status in {Status.FAIL, Status.INCONCLUSIVE}
