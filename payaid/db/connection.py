"""The connections of this service to PostgreSQL: psycopg's, whose loss is always told as one."""

from typing import Any

from psycopg import AsyncConnection, InternalError, OperationalError
from psycopg.abc import RV, PQGen

# Transaction pooling cannot carry what a session keeps: no prepared statements, no session settings.
CONNECT: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, "connect_timeout": 3}


class Connection(AsyncConnection[tuple[Any, ...]]):
    """A connection that raises OperationalError wherever it turns out to be lost."""

    async def wait(self, gen: PQGen[RV], *args: Any, **more: Any) -> RV:
        """What every exchange comes by."""
        try:
            return await super().wait(gen, *args, **more)
        except InternalError as error:
            if not self.closed:
                raise
            # PgBouncer hands on a dying server's last words and adds its own: two errors for one BEGIN or COMMIT.
            raise OperationalError(f"the connection is lost: {error}") from error
