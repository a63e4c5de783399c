-- Customer relations: contacts (leads are contacts whose stage is prospect), deals, tasks, products.
--
-- Why the composite foreign keys: ("tenantId", id) makes a row of one tenant unable to point at another's, whatever
-- the code above does. Statuses are the values the business uses; probabilities and scores are percentages.
-- "loadRun" tags what a load test wrote, so that the run can clean up after itself.

CREATE TABLE "Contact" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    name                text NOT NULL CHECK (btrim(name) <> ''),
    email               text,
    phone               text,
    company             text,
    type                text NOT NULL DEFAULT 'lead' CHECK (type IN ('customer', 'lead', 'vendor', 'employee')),
    stage               text NOT NULL DEFAULT 'prospect' CHECK (stage IN ('prospect', 'contact', 'customer')),
    status              text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'lost', 'archived')),
    source              text,
    address             text,
    city                text,
    state               text,
    "postalCode"        text,
    country             text DEFAULT 'India',
    gstin               text CHECK (gstin ~ '^[0-9]{2}[0-9A-Z]{13}$'),
    "leadScore"         numeric(5, 2) NOT NULL DEFAULT 0 CHECK ("leadScore" BETWEEN 0 AND 100),
    tags                text[] NOT NULL DEFAULT '{}',
    notes               text,
    "lastContactedAt"   timestamptz,
    "nextFollowUp"      timestamptz,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "assignedToId"      text,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", id),
    FOREIGN KEY ("tenantId", "assignedToId") REFERENCES "User" ("tenantId", id) ON DELETE SET NULL ("assignedToId")
);

CREATE TABLE "Deal" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    name                text NOT NULL CHECK (btrim(name) <> ''),
    value               numeric(14, 2) NOT NULL DEFAULT 0 CHECK (value >= 0),
    probability         numeric(5, 2) NOT NULL DEFAULT 10 CHECK (probability BETWEEN 0 AND 100),
    stage               text NOT NULL DEFAULT 'lead' CHECK (stage IN
                        ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    "expectedCloseDate" timestamptz,
    "actualCloseDate"   timestamptz,
    "wonReason"         text,
    "lostReason"        text,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "contactId"         text,
    "assignedToId"      text,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "contactId") REFERENCES "Contact" ("tenantId", id) ON DELETE SET NULL ("contactId"),
    FOREIGN KEY ("tenantId", "assignedToId") REFERENCES "User" ("tenantId", id) ON DELETE SET NULL ("assignedToId")
);

CREATE TABLE "Task" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    title               text NOT NULL CHECK (btrim(title) <> ''),
    description         text,
    priority            text NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high')),
    status              text NOT NULL DEFAULT 'pending' CHECK (status IN
                        ('pending', 'in_progress', 'completed', 'cancelled')),
    "dueDate"           timestamptz,
    "completedAt"       timestamptz,
    "reminderSentAt"    timestamptz,
    module              text NOT NULL DEFAULT 'crm',
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "contactId"         text,
    "assignedToId"      text,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "contactId") REFERENCES "Contact" ("tenantId", id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "assignedToId") REFERENCES "User" ("tenantId", id) ON DELETE SET NULL ("assignedToId")
);

-- "gstRate" null means not given; exempt is said apart, because 0 % and exempt are reported apart.
CREATE TABLE "Product" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    name                text NOT NULL CHECK (btrim(name) <> ''),
    description         text,
    sku                 text NOT NULL CHECK (sku <> ''),
    barcode             text,
    "itemType"          text NOT NULL DEFAULT 'goods' CHECK ("itemType" IN ('goods', 'service')),
    "costPrice"         numeric(14, 2) NOT NULL DEFAULT 0 CHECK ("costPrice" >= 0),
    "salePrice"         numeric(14, 2) NOT NULL CHECK ("salePrice" >= 0),
    "discountPrice"     numeric(14, 2) CHECK ("discountPrice" >= 0),
    quantity            integer NOT NULL DEFAULT 0,
    "reorderLevel"      integer NOT NULL DEFAULT 10 CHECK ("reorderLevel" >= 0),
    categories          text[] NOT NULL DEFAULT '{}',
    "hsnCode"           text CHECK ("hsnCode" ~ '^[0-9]{4,8}$'),
    "gstRate"           numeric(5, 2) CHECK ("gstRate" BETWEEN 0 AND 100),
    "gstExempt"         boolean NOT NULL DEFAULT false,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", id),
    UNIQUE ("tenantId", sku),
    CHECK (NOT "gstExempt" OR "gstRate" IS NULL)
);

CALL payaid.enclose('"Contact"');
CALL payaid.enclose('"Deal"');
CALL payaid.enclose('"Task"');
CALL payaid.enclose('"Product"');

CALL payaid.announce_changes('"Contact"', '{status,stage,type,assignedToId}');
CALL payaid.announce_changes('"Deal"', '{stage,assignedToId,contactId}');
CALL payaid.announce_changes('"Task"', '{status,assignedToId,contactId}');
CALL payaid.announce_changes('"Product"');

CALL payaid.keep_updated_at('"Contact"');
CALL payaid.keep_updated_at('"Deal"');
CALL payaid.keep_updated_at('"Task"');
CALL payaid.keep_updated_at('"Product"');
