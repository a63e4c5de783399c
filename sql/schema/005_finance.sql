-- Invoices, and the counters that their numbers come from.
--
-- Why a counter row: GST wants consecutive numbers, and a sequence leaves gaps when a transaction rolls back. The
-- invoice's own transaction takes the number (UPDATE ... RETURNING), so two of them queue and none is lost.
-- A draft has no number yet. "placeOfSupply" is the two-digit state code that decides CGST + SGST or IGST.
-- "items" holds the lines as they were billed: [{description, hsnCode, quantity, unitPrice, discount, taxableValue,
-- gstRate, cgst, sgst, igst, total}], money as strings of two decimals.

CREATE TABLE "Invoice" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "invoiceNumber"     text CHECK ("invoiceNumber" ~ '^[A-Za-z0-9/-]{1,16}$'),
    status              text NOT NULL DEFAULT 'draft' CHECK (status IN
                        ('draft', 'sent', 'paid', 'overdue', 'cancelled')),
    subtotal            numeric(14, 2) NOT NULL DEFAULT 0,
    discount            numeric(14, 2) NOT NULL DEFAULT 0,
    cgst                numeric(14, 2) NOT NULL DEFAULT 0,
    sgst                numeric(14, 2) NOT NULL DEFAULT 0,
    igst                numeric(14, 2) NOT NULL DEFAULT 0,
    tax                 numeric(14, 2) NOT NULL DEFAULT 0,
    "roundOff"          numeric(14, 2) NOT NULL DEFAULT 0 CHECK ("roundOff" BETWEEN -0.50 AND 0.50),
    total               numeric(14, 2) NOT NULL DEFAULT 0,
    currency            text NOT NULL DEFAULT 'INR' CHECK (currency ~ '^[A-Z]{3}$'),
    "isInterState"      boolean NOT NULL DEFAULT false,
    "placeOfSupply"     text CHECK ("placeOfSupply" ~ '^[0-9]{2}$'),
    "reverseCharge"     boolean NOT NULL DEFAULT false,
    "supplierGSTIN"     text CHECK ("supplierGSTIN" ~ '^[0-9]{2}[0-9A-Z]{13}$'),
    items               jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(items) = 'array'),
    "customerName"      text,
    "customerEmail"     text,
    "customerPhone"     text,
    "customerAddress"   text,
    "customerCity"      text,
    "customerState"     text,
    "customerPostalCode" text,
    "customerGSTIN"     text CHECK ("customerGSTIN" ~ '^[0-9]{2}[0-9A-Z]{13}$'),
    "paymentMode"       text,
    notes               text,
    "termsAndConditions" text,
    "invoiceDate"       timestamptz NOT NULL DEFAULT now(),
    "dueDate"           timestamptz,
    "paidAt"            timestamptz,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "customerId"        text,
    "orderId"           text,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", "invoiceNumber"),
    FOREIGN KEY ("tenantId", "customerId") REFERENCES "Contact" ("tenantId", id) ON DELETE SET NULL ("customerId"),
    FOREIGN KEY ("tenantId", "orderId") REFERENCES "Order" ("tenantId", id) ON DELETE SET NULL ("orderId"),
    CONSTRAINT invoice_numbered CHECK ("invoiceNumber" IS NOT NULL OR status IN ('draft', 'cancelled')),
    -- Revenue is counted by "paidAt": a paid invoice without one would vanish from it.
    CONSTRAINT invoice_paid_when CHECK (status <> 'paid' OR "paidAt" IS NOT NULL),
    CONSTRAINT invoice_one_kind_of_gst CHECK (cgst = sgst AND (igst = 0 OR cgst = 0) AND tax = cgst + sgst + igst)
);

-- series: INV, ORD, CN ... (payaid/rules/numbering.py); financialYear: 2025-26.
CREATE TABLE "NumberSeries" (
    series              text NOT NULL CHECK (series <> ''),
    "financialYear"     text NOT NULL CHECK ("financialYear" ~ '^[0-9]{4}-[0-9]{2}$'),
    last                bigint NOT NULL DEFAULT 0 CHECK (last >= 0),
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    PRIMARY KEY ("tenantId", series, "financialYear")
);

CALL payaid.enclose('"Invoice"');
CALL payaid.enclose('"NumberSeries"', 'tenantId', 'SELECT, INSERT, UPDATE');
CALL payaid.announce_changes('"Invoice"', '{status,customerId}');
CALL payaid.keep_updated_at('"Invoice"');
