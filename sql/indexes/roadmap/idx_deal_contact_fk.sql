-- serves: GET /api/v1/crm/contacts/{contactId}/deals
-- why: A contact's deals; and without it, deleting a contact reads every deal to keep the foreign key.
-- probe: SELECT id, name FROM "Deal" WHERE "contactId" = {contactId}
CREATE INDEX idx_deal_contact_fk ON "Deal" ("contactId");
