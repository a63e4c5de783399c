"""Named targets hold no secret; the guard refuses what it should not touch; the mask hides every password."""

from pathlib import Path

import pytest

from payaidctl.errors import Unreachable, UsageError
from payaidctl.guard import Identity, Kind, consent, guard, refuse
from payaidctl.stack import Stack
from payaidctl.target import Target, libpq, mask, resolve

FILE = """
targets:
  staging:
    env_file: staging.env
    from: {DATABASE_DIRECT_URL: STAGING_DB}
    set: {API_URL: https://staging.payaid.in}
"""


def targets(folder: Path, text: str = FILE) -> dict[str, str]:
    (folder / "staging.env").write_text("WORKERS=4\n")
    (folder / "payaid-targets.yaml").write_text(text)
    return {"PAYAID_TARGETS": str(folder / "payaid-targets.yaml"), "STAGING_DB": "postgresql://o:p@db/x"}


def test_a_named_target_joins_file_variables_and_plain_settings(tmp_path: Path) -> None:
    found = resolve(target="staging", environ=targets(tmp_path))
    assert found.env == {
        "WORKERS": "4",
        "DATABASE_DIRECT_URL": "postgresql://o:p@db/x",
        "API_URL": "https://staging.payaid.in",
    }
    assert str(found) == "postgresql://o:***@db/x (target staging)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE.replace("staging:\n", "other:\n", 1), "no target `staging` (it has: other)"),
        (FILE.replace("from:", "form:"), "payaid-targets.yaml:5: unknown key `form`"),
        (FILE.replace("STAGING_DB}", "NOWHERE}"), "payaid-targets.yaml:5: NOWHERE is not set"),
        (FILE.replace("API_URL: https", "JWT_SECRET: abc, API_URL: https"), ":6: JWT_SECRET holds a secret"),
        (FILE.replace("https://staging", "https://me:pw@staging"), ":6: API_URL holds a secret"),
        ("targets: [", "not YAML"),
        ("targets:\n  a: {}\n  a: {}\n", ":3: `a` is there twice"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve(target="staging", environ=targets(tmp_path, text))
    assert told in str(error.value)


def identity(kind: Kind = Kind.OURS, *, standby: bool = False, pooled: bool = False) -> Identity:
    return Identity("db:5432", "payaid", "owner", kind, standby, pooled)


@pytest.mark.parametrize(
    ("found", "direct", "told"),
    [
        (identity(Kind.FOREIGN), False, "not a PayAid database"),
        (identity(Kind.PAYAID_V3), False, "an existing PayAid V3 database"),
        (identity(standby=True), False, "on a standby"),
        (identity(pooled=True), True, "through a pooler"),
    ],
)
def test_what_must_not_be_touched_is_refused(found: Identity, direct: bool, told: str) -> None:
    refusal = refuse(found, "seed", (Kind.OURS,), direct=direct)
    assert refusal is not None
    assert told in str(refusal)


@pytest.mark.parametrize("found", [identity(), identity(pooled=True)])
def test_ours_may_be_touched(found: Identity) -> None:
    assert refuse(found, "seed", (Kind.OURS,)) is None


def test_nobody_agrees_through_a_pipe() -> None:
    with pytest.raises(UsageError, match="no terminal"):
        consent(Target({}, "--env-file x"), "seed", yes=False)
    consent(Target({}, "the embedded stack", embedded=True), "seed", yes=False)
    consent(Target({}, "--env-file x"), "seed", yes=True)


def test_guard_sees_standby_pooler_and_primary_for_what_they_are(stack: Stack) -> None:
    env = stack.env()
    every = tuple(Kind)
    for name, told in (("DATABASE_READ_DIRECT_URL", "standby"), ("DATABASE_URL", "pooler")):
        with pytest.raises(UsageError, match=told):
            guard(Target({"DATABASE_DIRECT_URL": env[name]}, "a test"), "index", yes=True, allowed=every, direct=True)
    owner = Target({"DATABASE_DIRECT_URL": env["DATABASE_DIRECT_URL"]}, "a test")
    assert guard(owner, "index", yes=True, allowed=every, direct=True).role == "payaid_owner"


def test_a_silent_server_is_unreachable_not_refused() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        guard(Target({"DATABASE_DIRECT_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "a test"), "seed", yes=True)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p#s/s@w@h/db", "postgresql://u:***@h/db"),
        ("redis://:pw@h:1", "redis://:***@h:1"),
        ("postgres://h/db?user=u&password=secret&x=1", "postgres://h/db?user=u&password=***&x=1"),
        ("https://api.payaid.in", "https://api.payaid.in"),
    ],
)
def test_the_mask_hides_even_badly_encoded_passwords(url: str, shown: str) -> None:
    assert mask(url) == shown


def test_prismas_parameters_are_kept_from_libpq() -> None:
    url = "postgres://u@h:6543/db?pgbouncer=true&connection_limit=1&sslmode=require"
    assert libpq(url) == "postgres://u@h:6543/db?sslmode=require"
    assert libpq("postgres://u@h/db?pgbouncer=true") == "postgres://u@h/db"
