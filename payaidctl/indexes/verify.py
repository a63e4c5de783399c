"""Verification: read, judge, prove, and say it as findings."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from psycopg import AsyncConnection

from payaidctl.errors import Unreachable
from payaidctl.finding import Finding, Status
from payaidctl.indexes import canonical, declared
from payaidctl.indexes.canonical import Canonical
from payaidctl.indexes.difference import judge
from payaidctl.indexes.findings import finding, finding_of_replica
from payaidctl.indexes.judgement import SERVING, Judgement
from payaidctl.indexes.proof import Eyes, Proof, case, prove
from payaidctl.indexes.session import describe, looking

COMMAND = "verify-indexes"


async def verify(
    direct_url: str,
    *,
    index_set: str = "roadmap",
    only: Sequence[str] = (),
    schema: str = "public",
    prove: bool = True,
    replicas: Sequence[str] = (),
    service_url: str | None = None,
    analyze: bool = False,
    copies: bool = True,
    timeout_s: float = 5,
) -> list[Finding]:
    """One finding for each declared index, and one for each replica that cannot be looked at.

    `service_url` logs in as the service's role, under whose row-level security its statements are planned; without
    it they are explained as whoever `direct_url` is. `copies=False` makes no temporary tables.

    Raises:
        Unreachable: the database cannot be looked at.
        UsageError: no such set or index.
    """
    wanted = declared.declarations(index_set, only)
    async with looking(direct_url, COMMAND, timeout_s) as connection:
        read = await canonical.read(connection, wanted, schema, copies=copies)
        judged = [judge(one, read.meanings.get(one.name), read.catalogue) for one in wanted]
        if not prove:
            return [finding(one) for one in judged]
        async with AsyncExitStack() as opened:
            primary = await _primary(opened, connection, service_url, timeout_s)
            others, lost = await _replicas(opened, replicas, direct_url, timeout_s)
            proofs = [await _prove(connection, primary, others, one, read, analyze=analyze) for one in judged]
    return [finding(one, proof) for one, proof in zip(judged, proofs, strict=True)] + lost


async def _prove(
    connection: AsyncConnection[Any],
    primary: Eyes,
    replicas: Sequence[Eyes],
    judged: Judgement,
    read: Canonical,
    *,
    analyze: bool,
) -> Proof | None:
    """The proof of an index that is there; None for one that is not."""
    if judged.state not in SERVING or (one := case(judged, read.catalogue)) is None:
        return None
    return await prove(connection, primary, replicas, one, analyze=analyze)


async def _primary(
    opened: AsyncExitStack, connection: AsyncConnection[Any], service_url: str | None, timeout_s: float
) -> Eyes:
    if service_url is None:
        return Eyes("primary", connection, connection)
    service = await opened.enter_async_context(looking(service_url, COMMAND, timeout_s))
    return Eyes("primary", service, connection)


async def _replicas(
    opened: AsyncExitStack, urls: Sequence[str], direct_url: str, timeout_s: float
) -> tuple[list[Eyes], list[Finding]]:
    """Those that answer, and a finding for each that does not, or is none."""
    found: list[Eyes] = []
    lost: list[Finding] = []
    for number, url in enumerate(urls, start=1):
        try:
            service = await opened.enter_async_context(looking(url, COMMAND, timeout_s))
            server = await describe(service)
        except Unreachable as error:
            lost.append(finding_of_replica(number, Status.INCONCLUSIVE, str(error), error.advice))
            continue
        if not server.standby:
            advice = "DATABASE_READ_URL must name a standby: `payaidctl ping replicas` shows which server answers"
            lost.append(finding_of_replica(number, Status.WARN, f"{server.address} is no standby", advice))
        definer = await _definer(opened, url, direct_url, timeout_s)
        found.append(Eyes(f"replica {number}" if len(urls) > 1 else "replica", service, definer))
    return found, lost


async def _definer(
    opened: AsyncExitStack, replica_url: str, direct_url: str, timeout_s: float
) -> AsyncConnection[Any] | None:
    """The owner on the replica: roles are replicated with their passwords, so the primary's login works there."""
    login = urlsplit(direct_url).netloc.rpartition("@")[0]
    there = urlsplit(replica_url)
    host = there.netloc.rpartition("@")[2]
    url = urlunsplit(there._replace(netloc=f"{login}@{host}" if login else host))
    try:
        return await opened.enter_async_context(looking(url, COMMAND, timeout_s))
    except Unreachable:
        return None  # then what only the owner can explain is reported as not explained there
