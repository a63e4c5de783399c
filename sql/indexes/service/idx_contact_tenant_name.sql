-- serves: GET /api/v1/crm/contacts?sort=name
-- why: The address book: contacts by name, a page at a time.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} ORDER BY name, id LIMIT 50
CREATE INDEX idx_contact_tenant_name ON "Contact" ("tenantId", name, id);
