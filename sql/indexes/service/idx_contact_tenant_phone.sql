-- serves: GET /api/v1/crm/contacts?phone={phone}
-- why: Who is calling or writing: the contact with this phone.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} AND phone = {phone}
CREATE INDEX idx_contact_tenant_phone ON "Contact" ("tenantId", phone);
