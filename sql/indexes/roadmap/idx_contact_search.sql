-- serves: GET /api/v1/crm/contacts?q={name}
-- why: Words of a contact's name or address of mail. coalesce() matters: without it a contact without an email
--   has no searchable name either.
-- probe: SELECT id FROM "Contact" WHERE "tenantId" = {tenantId} AND to_tsvector('english', name || ' ' ||
--   coalesce(email, '')) @@ plainto_tsquery('english', {name})
CREATE INDEX idx_contact_search ON "Contact"
    USING gin (to_tsvector('english'::regconfig, name || ' ' || coalesce(email, '')));
