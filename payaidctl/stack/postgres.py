"""PostgreSQL: what both servers have in common; the primary, its roles and its database."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from payaid.content import content
from payaidctl.errors import Failed
from payaidctl.stack import binaries, render
from payaidctl.stack.component import Component, NotReady, Program
from payaidctl.stack.site import DATABASE

Connection = psycopg.Connection[tuple[Any, ...]]
SLOT = "payaid_replica"
ROLES = {
    "payaid_owner": "LOGIN BYPASSRLS",
    "payaid_service": "LOGIN",
    "payaid_monitor": "LOGIN",
    "payaid_replication": "LOGIN REPLICATION",
}


class Server(Component):
    """What the primary and the replica have in common."""

    group = "database"
    upstream: int | None = None

    def program(self) -> Program:
        """The server itself. INT is its fast shutdown: clients are cut off, and a checkpoint is written."""
        postgres = self._bin() / "postgres"
        config = self.site.layout.conf / f"{self.name}.conf"
        return Program(
            (postgres, "-D", self.folder, "-c", f"config_file={config}"),
            directory=self.folder,
            user=self.site.account.switch,
            stop_signal="INT",
            stop_wait_s=60,
        )

    def configure(self) -> bool:
        """postgresql.conf, pg_hba.conf."""
        site = self.site
        memory = psutil.virtual_memory().total // 2**20
        hba = render.write(site.layout.conf / "pg_hba.conf", render.render("pg_hba.conf.j2"))
        text = render.render(
            "postgresql.conf.j2",
            name=self.name,
            port=self.port,
            conf=site.layout.conf,
            shared_memory=_shared_memory(),
            fsync="on" if site.choices.durable else "off",
            shared_buffers=f"{max(64, min(512, memory // 16))}MB",
            effective_cache_size=f"{max(256, memory // 4)}MB",
            upstream=self.upstream,
            slot=SLOT,
            passfile=self.passfile,
        )
        return render.write(site.layout.conf / f"{self.name}.conf", text) or hba

    @property
    def passfile(self) -> Path:
        """The replication role's password, for pg_basebackup and the replica's WAL receiver."""
        return self.site.layout.conf / "replication.pgpass"

    def connect(self, database: str = "postgres") -> Connection:
        """A connection as the superuser, whom only the stack itself is."""
        url = self.site.postgres("postgres", self.name, database)
        return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="payaidctl up")

    def _bin(self) -> Path:
        reachable = self.site.binaries.reachable(self.site.account, self.site.layout.home)
        if not reachable.postgres:
            self.site.binaries.require()
            raise AssertionError("require() accepts no missing PostgreSQL")
        return reachable.postgres

    def run(self, program: str, *arguments: str | Path, passfile: Path | None = None) -> None:
        """Run one of PostgreSQL's programs as its user.

        Raises:
            Failed: it did not succeed; the message holds what it said.
        """
        account = self.site.account
        done = subprocess.run(
            [self._bin() / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=self.site.layout.conf,
            env={"PATH": os.defpath, "LC_ALL": "C"} | ({"PGPASSFILE": str(passfile)} if passfile else {}),
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
        )
        if done.returncode != 0:
            raise Failed(f"{program} failed: {done.stderr.strip()[-1500:]}", "see the message; then run `up` again")

    def make(self, build: Callable[[Path], None]) -> None:
        """Build the data folder under another name first, so that a build that was cut short is never started."""
        making = self.folder.with_name(f"{self.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        build(self.site.account.folder(making))
        making.rename(self.folder)


class Primary(Server):
    """The server that is written to."""

    def prepare(self, say: Callable[[str], None]) -> None:
        """initdb, once."""
        if not self.folder.exists():
            say("creating the database cluster")
            self.make(self._initdb)

    def _initdb(self, folder: Path) -> None:
        builtin = binaries.version(self._bin() / "postgres") >= (17,)
        # The built-in provider sorts the same on every machine, and never changes under an index.
        locale = (
            ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
            if builtin
            else ("--locale=C.UTF-8",)
        )
        password = self.site.layout.conf / "initdb.password"
        render.write(password, self.site.secrets["postgres"] + "\n", mode=0o600, owner=self.site.account)
        try:
            self.run(
                "initdb", "-D", folder, "--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256",
                "--encoding=UTF8", *locale, "--no-instructions",
            )  # fmt: skip
        finally:
            password.unlink()

    def look(self) -> str:
        """It takes connections, and is no standby."""
        try:
            with self.connect() as connection:
                row = connection.execute("SELECT pg_is_in_recovery(), current_setting('server_version')").fetchone()
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from None
        if row is None or row[0]:
            raise NotReady("it is in recovery")
        return f"PostgreSQL {str(row[1]).split()[0]}"

    def settle(self, say: Callable[[str], None]) -> None:
        """The roles, the database and its extensions; whatever of these is there already is left alone."""
        with self.connect() as connection:
            present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ROLES.keys() - present:
                with connection.transaction():
                    _create_role(connection, role, self.site.secrets[role])
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not exists:
                say("creating roles and database")
                create_database(connection, DATABASE)
        equip(self.site.postgres("postgres", "primary", DATABASE))


def _shared_memory() -> str:
    """Containers often have 64 MiB of /dev/shm, on which a parallel index build dies."""
    room = Path("/dev/shm")  # noqa: S108 -- looked at, not written to
    return "posix" if not room.is_dir() or psutil.disk_usage(str(room)).free > 2**30 else "mmap"


def _create_role(connection: Connection, role: str, password: str) -> None:
    # Hashed here: the server may log a statement that fails.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    name = sql.Identifier(role)
    connection.execute(
        sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(name, sql.SQL(ROLES[role]), sql.Literal(verifier))
    )
    connection.execute(sql.SQL("ALTER ROLE {} SET timezone = 'UTC'").format(name))
    if role in ("payaid_owner", "payaid_monitor"):
        # What operator commands read: statistics and the activity of all sessions, on primary and replica.
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(name))


def create_database(connection: Connection, name: str, template: str = "template0") -> None:
    """A database that the owner's role owns."""
    database, source = sql.Identifier(name), sql.Identifier(template)
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER payaid_owner TEMPLATE {}").format(database, source))


def equip(url: str) -> None:
    """What only a superuser may do in a database: who may enter it, and its extensions. May be done again."""
    script = content("templates/stack/database.sql").read_text(encoding="utf-8")
    with psycopg.connect(url) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO payaid_service, payaid_monitor").format(database))
        connection.execute(script.encode())
