"""The replica: a copy of the primary that streams from it through a slot."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg

from payaidctl.stack import render
from payaidctl.stack.component import NotReady
from payaidctl.stack.ports import LOOPBACK
from payaidctl.stack.postgres import SLOT, Primary, Server


class Replica(Server):
    """A hot standby that streams from the primary through a slot."""

    def configure(self) -> bool:
        """Its configuration names the primary, so that ports may change; pg_basebackup -R would fix them."""
        self.upstream = self.site.ports["primary"]
        secret = self.site.secrets["payaid_replication"]
        line = f"{LOOPBACK}:{self.upstream}:*:payaid_replication:{secret}\n"
        changed = render.write(self.passfile, line, mode=0o600, owner=self.site.account)
        return super().configure() or changed

    def prepare(self, say: Callable[[str], None]) -> None:
        """A base backup, once; and again when the primary no longer has the WAL that this copy needs."""
        primary = Primary(self.site, "primary")
        with primary.connect() as connection:
            slot = connection.execute(
                "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
            ).fetchone()
            if self.folder.exists() and slot and slot[0] != "lost":
                return
            if slot:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
        shutil.rmtree(self.folder, ignore_errors=True)
        say("copying the primary")
        self.make(self._base_backup)

    def _base_backup(self, folder: Path) -> None:
        self.run(
            "pg_basebackup", "-D", folder, "-h", LOOPBACK, "-p", str(self.upstream or self.site.ports["primary"]),
            "-U", "payaid_replication", "--no-password", "--checkpoint=fast", "--wal-method=stream",
            "--create-slot", f"--slot={SLOT}",
            passfile=self.passfile,
        )  # fmt: skip
        signal = folder / "standby.signal"
        signal.touch()
        self.site.account.own(signal, 0o600)

    def look(self) -> str:
        """It is a standby, and WAL streams to it."""
        question = """
            SELECT pg_is_in_recovery(), (SELECT status FROM pg_stat_wal_receiver),
                   greatest(0, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()))::bigint
        """
        try:
            with self.connect() as connection:
                row = connection.execute(question).fetchone()
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from None
        if row is None or not row[0]:
            raise NotReady("it is no standby: it takes writes by itself")
        if row[1] != "streaming":
            raise NotReady(f"WAL does not stream to it ({row[1] or 'no receiver'})")
        return f"streaming, {row[2]} bytes to replay"
