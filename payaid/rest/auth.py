"""Logging in and out: passwords by argon2id, sessions that can be revoked, refresh tokens that work once."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from psycopg import OperationalError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from payaid import tokens
from payaid.call import Call
from payaid.db.servers import Primary
from payaid.db.writing import Unit, Writes
from payaid.errors import TooManyRequests, Unauthenticated, Unavailable
from payaid.jobs.outbox import enqueue
from payaid.limits.limiter import Limiter
from payaid.rest.body import no_nul, parse_json, validated
from payaid.rest.refresh_token import STALE, RefreshToken, RefreshTokens, digest, drawn
from payaid.rest.reply import Reply
from payaid.rules.tiers import LOGIN, tier_of
from payaid.settings import Settings

HASHER = PasswordHasher()
# Compared with when there is no such account, so that an answer takes as long for either.
NOBODY = HASHER.hash(secrets.token_hex(16))
WRONG = "The e-mail address or the password is wrong."
# An exchange may be asked for again for so long, since its answer may have been lost; later it is a theft.
REPEAT_S = 60.0
# Its hash; was it exchanged lately; is it good; and whose it is.
SESSION = """
SELECT s."refreshHash", coalesce(s."rotatedAt" > now() - %s * interval '1 second', false),
    s."revokedAt" IS NULL AND s."expiresAt" > now() AND u."isActive" AND t.status IN ('active', 'trial'),
    u.id, u.email, u.name, u.role, t.name, t."subscriptionTier", t."licensedModules"
FROM "Session" s JOIN "User" u ON u."tenantId" = s."tenantId" AND u.id = s."userId"
JOIN "Tenant" t ON t.id = s."tenantId"
WHERE s."tenantId" = %s AND s.id = %s FOR UPDATE OF s
"""
OWNER = ("userId", "email", "name", "role", "tenantName", "subscriptionTier", "licensedModules")


class Login(BaseModel):
    """Credentials."""

    model_config = ConfigDict(extra="forbid", title="login")
    email: Annotated[str, BeforeValidator(no_nul), Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Refresh(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(extra="forbid", title="refresh")
    refreshToken: Annotated[str, Field(min_length=10, max_length=512)]  # noqa: N815  # the API's name


class Auth:
    """The endpoints below /api/v1/auth."""

    def __init__(self, settings: Settings, primary: Primary, writes: Writes, limiter: Limiter) -> None:
        self._settings = settings
        self._primary = primary
        self._writes = writes
        self._limiter = limiter
        self._tokens = RefreshTokens(settings.jwt_secret.get_secret_value())

    async def login(self, call: Call) -> Reply:
        """Check the password, open a session, and have the tenant's cache warmed."""
        given = validated(Login, parse_json(call.header(b"content-type"), call.body))
        email = given["email"].strip().lower()
        await self._count_attempt("login", email)
        account = await self._account(email)
        hashed = account["password"] if account else None
        if not await asyncio.to_thread(_matches, hashed or NOBODY, given["password"]) or account is None:
            raise Unauthenticated(WRONG)
        if not account["isActive"] or account["status"] not in {"active", "trial"}:
            raise Unauthenticated("The account or its organisation is not active.")
        secret, modules = drawn(), account["licensedModules"]

        async def work(unit: Unit) -> str:
            cursor = await unit.connection.execute(
                'INSERT INTO "Session" ("tenantId", "userId", "refreshHash", "expiresAt", ip, "userAgent")'
                " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (unit.tenant, account["userId"], digest(secret), self._refresh_ends(), call.client,
                 call.header(b"user-agent")[:300]),
            )  # fmt: skip
            row = await cursor.fetchone()
            await enqueue(
                unit.connection,
                unit.tenant,
                "warm",
                {"modules": modules, "user": account["userId"]},
                dedupe=account["userId"],
            )
            return str(row[0]) if row else ""

        session, _ = await self._writes.run(account["tenantId"], work)
        return self._opened(account, RefreshToken(account["tenantId"], session, secret))

    async def refresh(self, call: Call) -> Reply:
        """Exchange a refresh token for the next one.

        Asked again within a minute it is the same answer. One that was exchanged before that is in two hands, and
        ends its session (RFC 9700, 4.14.2).
        """
        body = validated(Refresh, parse_json(call.header(b"content-type"), call.body))
        given = self._tokens.open(body["refreshToken"])
        await self._count_attempt("refresh", f"{given.tenant}/{given.session}")
        fresh = self._tokens.after(given)

        async def work(unit: Unit) -> dict[str, Any] | None:
            cursor = await unit.connection.execute(SESSION, (REPEAT_S, unit.tenant, given.session))
            row = await cursor.fetchone()
            if row is None or not row[2]:
                return None
            hashed, lately = row[:2]
            account = dict(zip(OWNER, row[3:], strict=True)) | {"tenantId": unit.tenant}
            if given.has(hashed):
                await unit.connection.execute(
                    'UPDATE "Session" SET "rotatedAt" = now(), "refreshHash" = %s, "expiresAt" = %s'
                    ' WHERE "tenantId" = %s AND id = %s',
                    (digest(fresh.secret), self._refresh_ends(), unit.tenant, given.session),
                )
                return account
            if lately and fresh.has(hashed):
                return account
            await _end(unit, given.session, account["userId"])
            return None

        account, _ = await self._writes.run(given.tenant, work)
        if account is None:
            raise Unauthenticated(STALE)
        return self._opened(account, fresh)

    async def logout(self, call: Call) -> Reply:
        """End the session behind the token: 204. A token without a session simply expires."""
        who = call.who()

        if who.session:
            await self._writes.run(who.tenant_id, lambda unit: _end(unit, who.session, who.user_id))
        return Reply(204, b"")

    @staticmethod
    async def me(call: Call) -> Reply:
        """Who the token stands for, and what that user may do."""
        who = call.who()
        facts = {
            "id": who.user_id, "email": who.email, "role": who.role, "tenantId": who.tenant_id, "tier": who.tier,
            "modules": who.modules, "grants": sorted(who.grants),
        }  # fmt: skip
        return Reply(200, orjson.dumps(facts))

    async def _count_attempt(self, what: str, account: str) -> None:
        """Ten a minute for one account, or for one session, wherever they come from."""
        digest = sha256(account.encode()).hexdigest()[:32]
        ruling = await self._limiter.admit(f"{what}:account:{digest}", LOGIN, closed=True)
        if ruling.admitted:
            return
        if ruling.how == "degraded":
            raise Unavailable("Logins cannot be counted at the moment, so they are refused.")
        raise TooManyRequests(
            f"Too many attempts: {what} to this account.", headers={"Retry-After": str(ruling.retry_after_s)}
        )

    async def _account(self, email: str) -> dict[str, Any] | None:
        for last in (False, True):
            try:
                async with self._primary.pool.connection() as connection:
                    cursor = await connection.execute("SELECT * FROM payaid.login_account(%s)", (email,))
                    row = await cursor.fetchone()
                    names = [column.name for column in cursor.description or ()]
            except OperationalError as error:
                if last:
                    raise Unavailable("The primary cannot be reached, so nobody can log in.") from error
                await self._primary.pool.drop_broken()
            else:
                return dict(zip(names, row, strict=True)) if row else None
        raise AssertionError("the second attempt returns or raises")

    def _refresh_ends(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._settings.refresh_ttl_s)

    def _opened(self, account: dict[str, Any], token: RefreshToken) -> Reply:
        settings = self._settings
        tier = tier_of(account["subscriptionTier"])
        access = tokens.mint(
            settings.jwt_secret.get_secret_value(),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            tenant_id=account["tenantId"],
            user_id=account["userId"],
            email=account["email"],
            roles=[account["role"]],
            modules=account["licensedModules"],
            tier=tier,
            session=token.session,
            ttl_s=settings.access_ttl_s,
        )
        answer = {
            "accessToken": access,
            "refreshToken": self._tokens.seal(token),
            "tokenType": "Bearer",
            "expiresIn": settings.access_ttl_s,
            "user": {name: account[key] for name, key in (("id", "userId"), ("email", "email"), ("name", "name"),
                                                          ("role", "role"))},
            "tenant": {"id": account["tenantId"], "name": account["tenantName"], "tier": tier,
                       "modules": account["licensedModules"]},
        }  # fmt: skip
        return Reply(200, orjson.dumps(answer), headers=((b"cache-control", b"no-store"),))


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


async def _end(unit: Unit, session: str, user: str) -> None:
    await unit.connection.execute(
        'UPDATE "Session" SET "revokedAt" = now()'
        ' WHERE "tenantId" = %s AND id = %s AND "userId" = %s AND "revokedAt" IS NULL',
        (unit.tenant, session, user),
    )
    unit.touch("Session", session)
