"""Who a token stands for: verified once, then kept, and true until the user, the tenant or the session changes."""

import time
from typing import NamedTuple

import jwt
import orjson
from psycopg import sql

from payaid import observe, tokens
from payaid.cache import keys
from payaid.cache.entry import Entry
from payaid.cache.policy import CacheClass
from payaid.cache.store import Filling, Store, Wanted
from payaid.db.routing import Reads
from payaid.errors import Unauthenticated
from payaid.principal import Principal
from payaid.rest.reply import etag
from payaid.rest.statement import Statement, shell
from payaid.rules.tiers import tier_of
from payaid.settings import Settings

# Callers remembered in this process; each is some 2 KB, and another is found again in L2.
KNOWN = 20_000
# Credentials are kept as they came, so their length is bounded, too.
LONGEST = 4096
# A session that was given must exist, be open and be that user's; a token without one needs an active user alone.
WHO = sql.SQL("""
SELECT json_build_object(
    'email', u.email, 'role', u.role, 'tier', t."subscriptionTier", 'modules', t."licensedModules",
    'name', u.name, 'tenantName', t.name
)::text
FROM "User" u JOIN "Tenant" t ON t.id = u."tenantId"
WHERE u."tenantId" = tenant.id AND t.id = tenant.id AND u.id = %(user)s AND u."isActive"
  AND t.status IN ('active', 'trial')
  AND (%(session)s = '' OR EXISTS (
      SELECT 1 FROM "Session" s WHERE s."tenantId" = tenant.id AND s.id = %(session)s AND s."userId" = u.id
      AND s."revokedAt" IS NULL AND s."expiresAt" > now()))
""")


class _Known(NamedTuple):
    expires: float
    entry: Entry
    principal: Principal


class Sessions:
    """Token -> principal. A token seen before costs a dictionary look-up, and is as true as any other entry."""

    def __init__(self, store: Store, reads: Reads, settings: Settings) -> None:
        self._store = store
        self._reads = reads
        self._secret = settings.jwt_secret.get_secret_value()
        self._issuer, self._audience = settings.jwt_issuer, settings.jwt_audience
        self._known: dict[bytes, _Known] = {}
        self._who = shell(WHO)

    def known(self, credentials: bytes) -> Principal | None:
        """The principal of credentials that were seen before, and that nothing has been heard against since."""
        known = self._known.get(credentials)
        if known is not None and known.expires > time.time() and self._store.good(known.entry):
            return known.principal
        return None

    async def authenticate(self, credentials: bytes) -> Principal:
        """The principal of `Bearer <token>`.

        Raises:
            Unauthenticated: the token is not good, or its user, tenant or session is not active any more.
        """
        return self.known(credentials) or await self._verify(credentials)

    async def _verify(self, given: bytes) -> Principal:
        credentials = given.decode("latin-1")
        scheme, _, token = credentials.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise Unauthenticated("The Authorization header is not `Bearer <access_token>`.")
        try:
            claims = tokens.verify(token, self._secret, issuer=self._issuer, audience=self._audience)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The access token has expired; get a new one at POST /api/v1/auth/refresh.") from None
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"The access token is not good: {error}.") from None
        tenant, user, session = (str(claims.get(name) or "") for name in ("tenant_id", "sub", "sid"))
        if not tenant or not user:
            raise Unauthenticated("The access token names no user of a tenant.")
        wanted = self._wanted(tenant, user, session)
        entry, result = await self._store.read(wanted)
        observe.emit(observe.SessionRead(result))
        principal = self._principal(tenant, user, session, claims, entry)
        if len(self._known) >= KNOWN:
            del self._known[next(iter(self._known))]
        self._known[given] = _Known(float(claims["exp"]), entry, principal)
        return principal

    def _wanted(self, tenant: str, user: str, session: str) -> Wanted:
        depends = [keys.row(tenant, table, id_) for table, id_ in (("User", user), ("Tenant", tenant))]
        depends += [keys.any_row(tenant, table) for table in ("User", "Tenant")]
        if session:
            depends += [keys.row(tenant, "Session", session), keys.any_row(tenant, "Session")]
        named = tuple(depends)
        question = Statement(self._who, {"tenant": tenant, "user": user, "session": session})

        async def fill() -> Filling:
            fetched = await self._reads.read(question, named)
            if fetched.raw is None and fetched.server != "primary":
                # A login of a moment ago may not have come so far: the primary has the last word on who is refused.
                fetched = await self._reads.confirm(question)
            if fetched.raw is None:
                raise Unauthenticated("The user, the organisation or the session is not active any more.")
            return Filling(fetched.raw, etag(fetched.raw), fetched.epoch, fetched.stamp)

        return Wanted((tenant, f"session:{user}:{session}"), CacheClass.SESSIONS, named, 0, fill)

    @staticmethod
    def _principal(tenant: str, user: str, session: str, claims: dict[str, object], entry: Entry) -> Principal:
        # The database says who this is now; the token says only which user of which tenant, and since when.
        who = orjson.loads(entry.body)
        extra = claims.get("permissions")
        return Principal(
            tenant,
            user,
            who["email"],
            who["role"],
            tuple(map(str, extra)) if isinstance(extra, list) else (),
            tuple(who["modules"]),
            tier_of(who["tier"]),
            session,
        )
