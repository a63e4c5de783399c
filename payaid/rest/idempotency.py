"""A repeated POST is done once: its first answer is kept in the write's own transaction, and given again."""

from hashlib import blake2b

from psycopg.types.json import Jsonb

from payaid.db.writing import Unit
from payaid.errors import BadRequest, Conflict, Invalid
from payaid.rest.reply import JSON, Reply

LONGEST = 255
REPLAYED = (b"idempotency-replayed", b"true")


def read_key(header: str) -> str:
    """The Idempotency-Key header, or the empty string.

    Raises:
        BadRequest: it is longer than can be kept, or is not text.
    """
    if not header.isprintable():
        raise BadRequest("Idempotency-Key holds a character that cannot be printed.")
    if len(header) > LONGEST:
        raise BadRequest(f"Idempotency-Key has more than {LONGEST} characters.")
    return header.strip()


def fingerprint(path: str, body: bytes) -> str:
    """What makes two requests the same one."""
    return blake2b(path.encode() + b"\0" + body, digest_size=16).hexdigest()


async def claim(unit: Unit, key: str, print_: str) -> Reply | None:
    """Take the key for this transaction, or answer what the first request was answered.

    Raises:
        Conflict: another request with this key is under way.
        Invalid: the key was used for another request.
    """
    lock = await unit.connection.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{unit.tenant}/{key}",)
    )
    if not (await lock.fetchone() or (False,))[0]:
        raise Conflict("A request with this Idempotency-Key is under way.", headers={"Retry-After": "1"})
    found = await unit.connection.execute(
        'SELECT "requestHash", status, headers, body FROM "IdempotencyKey" WHERE "tenantId" = %s AND key = %s',
        (unit.tenant, key),
    )
    row = await found.fetchone()
    if row is None:
        return None
    if row[0] != print_:
        raise Invalid("This Idempotency-Key was used for another request. Take a new one for each new write.")
    unit.repeats = True
    kept = dict(row[2] or {})
    tag = kept.pop("etag", "").encode()
    headers = tuple((name.encode(), value.encode()) for name, value in kept.items())
    return Reply(row[1], (row[3] or "").encode(), JSON, tag, (*headers, REPLAYED))


async def keep(unit: Unit, key: str, print_: str, answered: Reply) -> None:
    """Keep the answer with the write that it tells of."""
    headers = {name.decode(): value.decode() for name, value in answered.headers}
    if answered.etag:
        headers["etag"] = answered.etag.decode()
    await unit.connection.execute(
        'INSERT INTO "IdempotencyKey" ("tenantId", key, "requestHash", status, headers, body)'
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (unit.tenant, key, print_, answered.status, Jsonb(headers), answered.body.decode()),
    )
