"""The connections of this service to PostgreSQL: psycopg's, whose loss is always told as one."""

from typing import Any

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.abc import RV, PQGen

# Transaction pooling cannot carry what a session keeps: no prepared statements, no session settings.
# A peer that vanished without a word is noticed by the kernel, where nothing of ours waits with a clock: after 10 s of
# what was sent and not acknowledged, or 25 s of nothing.
CONNECT: dict[str, Any] = {
    "autocommit": True, "prepare_threshold": None, "connect_timeout": 3, "tcp_user_timeout": 10_000,
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
}  # fmt: skip

# Classes of SQLSTATE: not enough memory, disk or connections; a limit of the program.
LIMITS = {"53", "54"}


class Connection(AsyncConnection[tuple[Any, ...]]):
    """A connection that raises OperationalError wherever it turns out to be lost."""

    async def wait(self, gen: PQGen[RV], *args: Any, **more: Any) -> RV:
        """What every exchange comes by."""
        try:
            return await super().wait(gen, *args, **more)
        except Error as error:
            # PgBouncer hands on a dying server's last words and adds its own: two errors for one BEGIN or COMMIT, which
            # psycopg calls an internal error. And some last words (PANIC) have another class.
            self.lost(error)
            raise

    def lost(self, error: Error) -> None:
        """Raise OperationalError if the connection is lost, and this error says something else."""
        if self.closed and not isinstance(error, OperationalError):
            raise OperationalError(f"the connection is lost: {error}") from error


def lacks_room(connection: Connection, error: Error) -> bool:
    """The server is there, and has not the memory or the room: psycopg has one class for this and for its loss."""
    return not connection.closed and (error.sqlstate or "")[:2] in LIMITS
