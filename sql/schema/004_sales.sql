-- Orders and their lines.
--
-- Why "orderNumber" is unique within its tenant: numbers made from a tenant's own count collide when the uniqueness
-- is global, and the second tenant's first order fails.

CREATE TABLE "Order" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "orderNumber"       text NOT NULL CHECK ("orderNumber" <> ''),
    status              text NOT NULL DEFAULT 'pending' CHECK (status IN
                        ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled', 'refunded')),
    subtotal            numeric(14, 2) NOT NULL DEFAULT 0 CHECK (subtotal >= 0),
    "discountCode"      text,
    "discountAmount"    numeric(14, 2) CHECK ("discountAmount" >= 0),
    tax                 numeric(14, 2) NOT NULL DEFAULT 0 CHECK (tax >= 0),
    shipping            numeric(14, 2) NOT NULL DEFAULT 0 CHECK (shipping >= 0),
    total               numeric(14, 2) NOT NULL DEFAULT 0 CHECK (total >= 0),
    "shippingAddress"   text NOT NULL,
    "shippingCity"      text NOT NULL,
    "shippingState"     text,
    "shippingPostal"    text NOT NULL,
    "shippingCountry"   text NOT NULL DEFAULT 'India',
    "trackingUrl"       text,
    "paidAt"            timestamptz,
    "shippedAt"         timestamptz,
    "deliveredAt"       timestamptz,
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "updatedAt"         timestamptz NOT NULL DEFAULT now(),
    "customerId"        text,
    "loadRun"           text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    UNIQUE ("tenantId", id),
    UNIQUE ("tenantId", "orderNumber"),
    FOREIGN KEY ("tenantId", "customerId") REFERENCES "Contact" ("tenantId", id) ON DELETE SET NULL ("customerId")
);

CREATE TABLE "OrderItem" (
    id                  text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "productName"       text NOT NULL CHECK (btrim("productName") <> ''),
    quantity            integer NOT NULL DEFAULT 1 CHECK (quantity > 0),
    price               numeric(14, 2) NOT NULL CHECK (price >= 0),
    total               numeric(14, 2) NOT NULL CHECK (total >= 0),
    "hsnCode"           text CHECK ("hsnCode" ~ '^[0-9]{4,8}$'),
    "gstRate"           numeric(5, 2) CHECK ("gstRate" BETWEEN 0 AND 100),
    "createdAt"         timestamptz NOT NULL DEFAULT now(),
    "orderId"           text NOT NULL,
    "productId"         text,
    "tenantId"          text NOT NULL REFERENCES "Tenant" (id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "orderId") REFERENCES "Order" ("tenantId", id) ON DELETE CASCADE,
    FOREIGN KEY ("tenantId", "productId") REFERENCES "Product" ("tenantId", id) ON DELETE SET NULL ("productId")
);

CALL payaid.enclose('"Order"');
CALL payaid.enclose('"OrderItem"');
CALL payaid.announce_changes('"Order"', '{status,customerId}');
CALL payaid.announce_changes('"OrderItem"', '{orderId}');
CALL payaid.keep_updated_at('"Order"');
