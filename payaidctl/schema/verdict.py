"""What a migration run found, as the findings that every output renders."""

from payaidctl.finding import Finding, Report, Status, Stopwatch
from payaidctl.schema.runner import Applied, State, Step, migrate, status
from payaidctl.target import Target
from payaidctl.terminal import say

STATUS_ADVICE = {
    State.PENDING: "run `payaidctl migrate`",
    State.CHANGED: "restore the file, and write the change as a new migration",
    State.MISSING: "run the release that this database belongs to, or a newer one",
}


async def of_status(target: Target) -> Report:
    """One finding a migration; anything but "applied" fails."""
    watch = Stopwatch("migrate --status", str(target))
    steps = await status(target.direct_url)
    facts = {"applied": sum(step.state is State.APPLIED for step in steps), "known": len(steps)}
    return watch.report([_of_step(step) for step in steps], facts)


async def of_migrating(target: Target, *, plan: bool) -> Report:
    """One finding a migration that was, or under `plan` would be, applied; one in all when nothing was pending."""
    watch = Stopwatch("migrate --plan" if plan else "migrate", str(target))
    done = await migrate(target.direct_url, plan=plan, progress=say)
    findings = [_of_applied(one) for one in done]
    nothing = Finding("migrate.current", Status.PASS, "The schema is current: nothing to apply")
    return watch.report(findings or [nothing], {"applied": 0 if plan else len(done), "pending": len(done) * plan})


def _of_step(step: Step) -> Finding:
    good = step.state is State.APPLIED
    when = f" {step.applied_at:%Y-%m-%d %H:%M} UTC" if step.applied_at else ""
    return Finding(
        f"migrate.{step.title.removesuffix('.sql')}",
        Status.PASS if good else Status.FAIL,
        f"{step.title}: {step.summary}" if step.summary else step.title,
        observed=f"{step.state.value}{when}",
        expected=State.APPLIED.value,
        advice=STATUS_ADVICE.get(step.state, ""),
    )


def _of_applied(one: Applied) -> Finding:
    seen = "would be applied" if one.duration_ms is None else f"applied in {one.duration_ms} ms"
    title = f"{one.title}: {one.summary}"
    return Finding(f"migrate.{one.title.removesuffix('.sql')}", Status.PASS, title, observed=seen)
