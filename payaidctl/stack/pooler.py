"""PgBouncer in transaction mode: one pool to the primary, one to the replica."""

from collections.abc import Iterable

import psycopg

from payaidctl.errors import Failed
from payaidctl.stack import binaries, render
from payaidctl.stack.component import Component, NotReady, Program
from payaidctl.stack.ports import LOOPBACK

READ_SUFFIX = "_read"


class Pooler(Component):
    """The pooler. Database `payaid` is the primary's; `payaid_read` is the same one on the replica."""

    group = "database"

    def program(self) -> Program:
        """PgBouncer in the foreground; it logs to stderr. TERM ends it at once."""
        if not self.site.binaries.pgbouncer:
            raise Failed("PgBouncer is not installed", "apt-get install pgbouncer")
        return Program(
            (self.site.binaries.pgbouncer, self.folder / "pgbouncer.ini"),
            directory=self.folder,
            user=self.site.account.switch,
        )

    def configure(self) -> bool:
        """pgbouncer.ini, and the users with their passwords (it needs them in clear to log in with SCRAM)."""
        site = self.site
        folder = site.account.folder(self.folder)
        userlist = render.render(
            "userlist.txt.j2",
            secrets=site.secrets,
            roles=("payaid_service", "payaid_owner", "payaid_monitor", "pooler_admin", "pooler_stats"),
        )
        changed = render.write(folder / "userlist.txt", userlist, mode=0o600, owner=site.account)
        added = folder / "added.ini"
        if not added.exists():
            render.write(added, self._entries(()), mode=0o600, owner=site.account)
        ini = render.render(
            "pgbouncer.ini.j2",
            port=self.port,
            primary=site.ports["primary"],
            replica=site.ports["replica"],
            added=added,
            userlist=folder / "userlist.txt",
            version=self._version(),
        )
        return render.write(folder / "pgbouncer.ini", ini, mode=0o600, owner=site.account) or changed

    def look(self) -> str:
        """The service's role reaches the primary through it."""
        try:
            with psycopg.connect(
                self.site.postgres("payaid_service", "pooler"),
                autocommit=True,
                connect_timeout=5,
                prepare_threshold=None,
            ) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from None
        return f"PgBouncer {'.'.join(map(str, self._version()))}, transaction mode"

    def serve(self, databases: Iterable[str]) -> None:
        """Serve these databases too (`x` on the primary, `x_read` on the replica), and no others added before."""
        render.write(self.folder / "added.ini", self._entries(databases), mode=0o600, owner=self.site.account)
        admin = f"postgresql://pooler_admin:{self.site.secrets['pooler_admin']}@{LOOPBACK}:{self.port}/pgbouncer"
        with psycopg.connect(admin, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute("RELOAD")

    def _version(self) -> tuple[int, ...]:
        program = self.site.binaries.pgbouncer
        return binaries.version(program) if program else (0,)

    def _entries(self, databases: Iterable[str]) -> str:
        ports = self.site.ports
        lines = ["; name = where"]
        for name in databases:
            lines.append(f"{name} = host={LOOPBACK} port={ports['primary']} dbname={name}")
            lines.append(f"{name}{READ_SUFFIX} = host={LOOPBACK} port={ports['replica']} dbname={name}")
        return "\n".join(lines) + "\n"
