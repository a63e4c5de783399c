-- Webhooks: where a tenant wants to be told of its events.
--
-- Why: a delivery is a job that names the webhook, so that the address and the secret are those of the moment of
-- sending, and stand in one place only.

CREATE TABLE "Webhook" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    url                 text NOT NULL CHECK (url ~ '^https?://[^\s]+$' AND char_length(url) <= 2000),
    events              text[] NOT NULL DEFAULT '{}',
    -- Signs every delivery (HMAC-SHA256), so it must be readable by the worker; no answer of the API shows it.
    secret              text NOT NULL CHECK (char_length(secret) >= 24),
    "isActive"          boolean NOT NULL DEFAULT true,
    description         text,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", id)
);
CALL payaid.enclose('"Webhook"');
CALL payaid.keep_updated_at('"Webhook"');
CALL payaid.announce_changes('"Webhook"');
