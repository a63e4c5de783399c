"""Make COPY text: what a worker process runs. It imports no database driver, so that it starts quickly."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from payaidctl.seed import PASSWORD
from payaidctl.seed.plan import Parameters, TenantPlan, plan
from payaidctl.seed.pools import Calendar
from payaidctl.seed.rows.maker import Maker
from payaidctl.seed.tables import BY_NAME


def make(parameters: Parameters, table: str, tenants: Sequence[int]) -> bytes:
    """The rows of one table for some tenants, by their numbers. Each process plans for itself."""
    rows = BY_NAME[table].rows
    return "".join(rows(_maker(parameters, number)) for number in tenants).encode()


@cache
def _maker(parameters: Parameters, number: int) -> Maker:
    plans, calendar = _workshop(parameters)
    return Maker(plans[number], calendar, parameters.seed, password_hash(parameters.seed))


@cache
def _workshop(parameters: Parameters) -> tuple[list[TenantPlan], Calendar]:
    return plan(parameters), Calendar(parameters.as_of)


@cache
def password_hash(seed: int) -> str:
    """argon2id of the one password that all seeded users share, with a salt that follows from the seed.

    A random salt, or one hash a user (a minute of CPU for a thousand), would make two seedings differ.
    """
    from argon2.low_level import Type, hash_secret

    salt = sha256(f"payaid sample data {seed}".encode()).digest()[:16]
    return hash_secret(PASSWORD.encode(), salt, 3, 65_536, 4, 32, Type.ID).decode()
