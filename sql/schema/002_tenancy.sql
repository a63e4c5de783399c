-- Who there is: organisations, the people in them, and their logins.
--
-- Why: everything else carries a "tenantId" that refers here. A user's e-mail is unique over all tenants, because
-- a login names no tenant; the service finds the account through payaid.login_account (file 007) only, and cannot
-- SELECT a password hash.

CREATE TABLE "Tenant" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    name                text NOT NULL CHECK (btrim(name) <> ''),
    slug                text UNIQUE,
    status              text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'trial', 'suspended', 'cancelled')),
    "subscriptionTier"  text NOT NULL DEFAULT 'free' CHECK ("subscriptionTier" IN
                        ('free', 'trial', 'starter', 'basic', 'professional', 'pro', 'enterprise')),
    "licensedModules"   text[] NOT NULL DEFAULT '{}',
    industry            text,
    gstin               text CHECK (gstin ~ '^[0-9]{2}[0-9A-Z]{13}$'),
    address             text,
    city                text,
    state               text,
    "postalCode"        text,
    country             text DEFAULT 'India',
    phone               text,
    email               text,
    website             text,
    "defaultCurrency"   text NOT NULL DEFAULT 'INR' CHECK ("defaultCurrency" ~ '^[A-Z]{3}$'),
    "onboardingCompleted" boolean NOT NULL DEFAULT false,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    -- A change notice holds the tenant's id, and must fit into one NOTIFY.
    CONSTRAINT tenant_id_short CHECK (char_length(id) <= 64)
);

CREATE TABLE "User" (
    id              text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    email           text NOT NULL UNIQUE CHECK (email = lower(email) AND email LIKE '%_@_%'),
    name            text,
    password        text,
    role            text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'manager', 'member')),
    "isActive"      boolean NOT NULL DEFAULT true,
    avatar          text,
    phone           text,
    "emailVerified" timestamptz,
    "lastLoginAt"   timestamptz,
    "createdAt"     timestamptz NOT NULL DEFAULT now(),
    "updatedAt"     timestamptz NOT NULL DEFAULT now(),
    "tenantId"      text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", id)
);

-- One login. The refresh token itself is never stored: its hash is, and it changes with each rotation.
CREATE TABLE "Session" (
    id              text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "userId"        text NOT NULL,
    "refreshHash"   text NOT NULL UNIQUE,
    ip              text,
    "userAgent"     text,
    "createdAt"     timestamptz NOT NULL DEFAULT now(),
    "expiresAt"     timestamptz NOT NULL,
    "rotatedAt"     timestamptz,
    "revokedAt"     timestamptz,
    "tenantId"      text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "userId") REFERENCES "User" ("tenantId", id) ON DELETE CASCADE
);
CREATE INDEX session_by_user ON "Session" ("userId");

CALL payaid.enclose('"Tenant"', 'id', 'SELECT, INSERT, UPDATE');
CALL payaid.enclose('"User"', 'tenantId', 'INSERT, UPDATE, DELETE');
CALL payaid.enclose('"Session"');
-- All but the password.
GRANT SELECT (id, email, name, role, "isActive", avatar, phone, "emailVerified", "lastLoginAt", "createdAt",
    "updatedAt", "tenantId") ON "User" TO payaid_service;

CALL payaid.announce_changes('"Tenant"', '{}', 'id');
CALL payaid.announce_changes('"User"');
CALL payaid.announce_changes('"Session"');
CALL payaid.keep_updated_at('"Tenant"');
CALL payaid.keep_updated_at('"User"');
