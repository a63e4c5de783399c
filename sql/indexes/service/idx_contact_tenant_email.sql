-- serves: GET /api/v1/crm/contacts?email={email}
-- why: Who is calling or writing: the contact with this email.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} AND email = {email}
CREATE INDEX idx_contact_tenant_email ON "Contact" ("tenantId", email);
