"""Before any load: can this machine make it, and is the target fit to take it? Each finding says how to mend."""

import os
import resource
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from payaidctl.finding import Finding, Status
from payaidctl.load.profile import Profile

SPARE_FILES = 256
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
SOMAXCONN = Path("/proc/sys/net/core/somaxconn")
# What one generator process of ours carries on one core, with room to spare.
RATE_PER_PROCESS = 1_500.0


def descriptors(users: int) -> Finding:
    """Every user keeps a connection open. The soft limit is raised by ourselves as far as the hard one allows."""
    need = users + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need and (hard == resource.RLIM_INFINITY or hard >= need):
        resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
        soft = need
    enough = soft >= need
    return Finding(
        "loadtest.preflight.descriptors", Status.PASS if enough else Status.INCONCLUSIVE,
        "Enough file descriptors for the users' connections", f"{soft:,}", f"at least {need:,}",
        advice="" if enough else f"`ulimit -n {need}` as root, or `* hard nofile {need}` in /etc/security/limits.conf",
    )  # fmt: skip


def ports(users: int, url: str) -> Finding:
    """Connections to one address and port take one local port each."""
    title = "Enough local ports for the users' connections"
    try:
        low, high = map(int, PORT_RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return Finding("loadtest.preflight.ports", Status.SKIP, title, "this system does not tell", f"{users:,}")
    enough = high - low + 1 >= users + 1_000
    return Finding(
        "loadtest.preflight.ports", Status.PASS if enough else Status.INCONCLUSIVE, title,
        f"{high - low + 1:,}", f"at least {users + 1_000:,} to {urlsplit(url).netloc}",
        advice="" if enough else 'sysctl -w net.ipv4.ip_local_port_range="10240 65535"',
    )  # fmt: skip


def backlog(ramp: float) -> Finding:
    """The kernel caps the server's backlog; a burst of new users must fit into it."""
    title = "The kernel's backlog takes a second of new users"
    try:
        cap = int(SOMAXCONN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Finding("loadtest.preflight.backlog", Status.SKIP, title, "this system does not tell", f"{ramp:g}")
    enough = cap >= ramp
    return Finding(
        "loadtest.preflight.backlog", Status.PASS if enough else Status.WARN, title, f"{cap:,}",
        f"at least {ramp:,.0f}", advice="" if enough else "sysctl -w net.core.somaxconn=4096",
    )  # fmt: skip


def cores(profile: Profile, processes: int) -> Finding:
    """One process uses one core at most."""
    rate = profile.rate
    available = len(os.sched_getaffinity(0))
    enough = rate <= RATE_PER_PROCESS * processes and processes <= available
    return Finding(
        "loadtest.preflight.cores", Status.PASS if enough else Status.WARN,
        "Enough generator processes, and a core for each",
        f"{processes} processes on {available} cores for {rate:,.0f} requests/s",
        f"at most {RATE_PER_PROCESS:,.0f} requests/s a process, and no more processes than cores",
        advice="" if enough else "use --processes N, or several machines with --master and --worker",
    )  # fmt: skip


async def readiness(url: str) -> tuple[Finding, list[str]]:
    """Is the target ready by its own word? Also the paths that it offers, for scenarios that can do with less."""
    title = "The target is ready"
    paths: list[str] = []
    async with httpx.AsyncClient(timeout=10) as client:
        try:
            answer = await client.get(f"{url}/health/ready")
            offered = await client.get(f"{url}/openapi.json")
            if offered.status_code == 200:
                paths = list(offered.json().get("paths", {}))
        except (httpx.HTTPError, ValueError) as error:
            observed = f"{type(error).__name__}: {error}"
            return _unready(title, observed, f"{url}/health/ready answers 200"), paths
    if answer.status_code != 200:
        return _unready(title, f"{answer.status_code}: {answer.text[:200]}", f"{url}/health/ready answers 200"), paths
    return Finding("loadtest.preflight.ready", Status.PASS, title, "200", f"{url}/health/ready answers 200"), paths


def _unready(title: str, observed: str, expected: str) -> Finding:
    advice = "`payaidctl status` and `payaidctl ping` show what is missing"
    return Finding("loadtest.preflight.ready", Status.INCONCLUSIVE, title, observed, expected, advice=advice)


def machine(profile: Profile, users: int, processes: int, url: str) -> list[Finding]:
    """What this machine can tell by itself."""
    return [descriptors(users), ports(users, url), backlog(profile.ramp), cores(profile, processes)]
