"""Hostile databases: what is declared, what is there, and the verdict that a person would give.

Each case is real SQL in a schema of its own; `declared` is what follows the index's name in a declaration called
`idx`. `fixed` is the state after a repair, or what the refusal to repair says.
"""

# ruff: noqa: E501 - SQL reads better unbroken
from dataclasses import dataclass

CONTACT = """
CREATE TABLE "Contact" (
    id text PRIMARY KEY, "tenantId" text NOT NULL, name text NOT NULL, email text, phone varchar(20),
    status text NOT NULL DEFAULT 'active', score numeric(5, 2), tags text[], "createdAt" timestamptz DEFAULT now());
"""
PARTITIONED = """
CREATE TABLE "Contact" (id text, "tenantId" text NOT NULL, status text) PARTITION BY LIST ("tenantId");
CREATE TABLE contact_a PARTITION OF "Contact" FOR VALUES IN ('a');
CREATE TABLE contact_b PARTITION OF "Contact" FOR VALUES IN ('b');
"""
DEEP = """
CREATE TABLE "Contact" (id text, "tenantId" text NOT NULL, status text) PARTITION BY LIST ("tenantId");
CREATE TABLE contact_a PARTITION OF "Contact" FOR VALUES IN ('a') PARTITION BY LIST (status);
CREATE TABLE contact_a_open PARTITION OF contact_a FOR VALUES IN ('open');
CREATE TABLE contact_a_rest PARTITION OF contact_a DEFAULT;
CREATE TABLE contact_b PARTITION OF "Contact" FOR VALUES IN ('b');
"""
PLAIN = 'ON "Contact" ("tenantId", status)'
SEARCH = """ON "Contact" USING gin (to_tsvector('english'::regconfig, name || ' ' || coalesce(email, '')))"""


@dataclass(frozen=True, slots=True)
class Case:
    """One database. `says` must be part of what is observed or advised."""

    name: str
    declared: str
    there: str
    state: str
    says: str = ""
    fixed: str = "ok"
    table: str = CONTACT
    unique: bool = False
    cautioned: bool = False
    index: str = "idx"


OK = [
    Case("exact", PLAIN, f"CREATE INDEX idx {PLAIN}", "ok"),
    Case("written otherwise", PLAIN, 'create index idx on "Contact" using BTREE("tenantId" asc nulls last , "status")', "ok"),
    Case("include in another order", 'ON "Contact" ("tenantId") INCLUDE (name, email)',
         'CREATE INDEX idx ON "Contact" ("tenantId") INCLUDE (email, name)', "ok"),
    Case("opclass as declared", 'ON "Contact" (name text_pattern_ops)',
         'CREATE INDEX idx ON "Contact" (name text_pattern_ops)', "ok"),
    Case("collation as declared", 'ON "Contact" (name COLLATE "C")', 'CREATE INDEX idx ON "Contact" (name COLLATE "C")', "ok"),
    Case("expression written otherwise", 'ON "Contact" (lower(phone))',
         'CREATE INDEX idx ON "Contact" (LOWER((phone)::text))', "ok"),
    Case("full text written otherwise", SEARCH,
         """CREATE INDEX idx ON "Contact" USING gin (to_tsvector('english', (name || ' ') || COALESCE(email, ''::text)))""", "ok"),
    Case("predicate written otherwise", "ON \"Contact\" (email) WHERE status IN ('active', 'lost')",
         "CREATE INDEX idx ON \"Contact\" (email) WHERE status = ANY (ARRAY['active', 'lost'])", "ok"),
    Case("varchar column", 'ON "Contact" (phone, "tenantId")', 'CREATE INDEX idx ON "Contact" (phone, "tenantId")', "ok"),
    Case("array by gin", 'ON "Contact" USING gin (tags)', 'CREATE INDEX idx ON "Contact" USING gin (tags)', "ok"),
    Case("with a fill factor", PLAIN, f"CREATE INDEX idx {PLAIN} WITH (fillfactor = 70)", "ok"),
    Case("after dropped columns", PLAIN, f"""
         ALTER TABLE "Contact" DROP COLUMN name; ALTER TABLE "Contact" ADD COLUMN extra int;
         CREATE INDEX idx {PLAIN}""", "ok"),
    Case("unique by a constraint", 'ON "Contact" ("tenantId", email)',
         'ALTER TABLE "Contact" ADD CONSTRAINT idx UNIQUE ("tenantId", email)', "ok", unique=True),
    Case("nulls not distinct as declared", 'ON "Contact" (email) NULLS NOT DISTINCT',
         'CREATE UNIQUE INDEX idx ON "Contact" (email) NULLS NOT DISTINCT', "ok", unique=True),
    Case("materialised view", 'ON "Contact" (id)', 'CREATE INDEX idx ON "Contact" (id)', "ok",
         table="CREATE MATERIALIZED VIEW \"Contact\" AS SELECT 'x'::text AS id"),
    Case("enum and domain columns", 'ON "Contact" (mood, code)', 'CREATE INDEX idx ON "Contact" (mood, code)', "ok", table="""
         CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN code AS text CHECK (VALUE <> '');
         CREATE TABLE "Contact" (id text, mood mood, code code)"""),
    Case("a function of the schema's own", 'ON "Contact" (initials(name))', 'CREATE INDEX idx ON "Contact" (initials(name))',
         "ok", table=CONTACT + "CREATE FUNCTION initials(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left($1, 1)'"),
    Case("column collated by its table", 'ON "Contact" (name)', 'CREATE INDEX idx ON "Contact" (name COLLATE "C")', "ok",
         table='CREATE TABLE "Contact" (id text, name text COLLATE "C")'),
    Case("quoted names with spaces", 'ON "Order ""Items""" ("unit price", "Größe")',
         'CREATE INDEX "my ""odd"" index" ON "Order ""Items""" ("unit price", "Größe")', "ok",
         table='CREATE TABLE "Order ""Items""" (id text, "unit price" numeric, "Größe" text)', index='my "odd" index'),
    Case("reserved words", 'ON "Order" ("user", "order" DESC)', 'CREATE INDEX idx ON "Order" ("user", "order" DESC)', "ok",
         table='CREATE TABLE "Order" (id text, "user" text, "order" text)'),
    Case("partitioned", PLAIN, f"CREATE INDEX idx {PLAIN}", "ok", table=PARTITIONED),
    Case("partitioned twice", PLAIN, f"CREATE INDEX idx {PLAIN}", "ok", table=DEEP),
]  # fmt: skip

EQUIVALENT = [
    Case("Prisma's name", PLAIN, 'CREATE INDEX "Contact_tenantId_status_idx" ON "Contact" ("tenantId", status)',
         "equivalent", "as Contact_tenantId_status_idx", "equivalent"),
    Case("another name, written otherwise", SEARCH,
         "CREATE INDEX contact_words ON \"Contact\" USING gin (to_tsvector('english'::regconfig, name || ' ' || coalesce(email, '')))",
         "equivalent", "as contact_words", "equivalent"),
    Case("another name, partitioned", PLAIN, f"CREATE INDEX other {PLAIN}", "equivalent", "as other", "equivalent",
         table=PARTITIONED),
    Case("the name differs, another is right", PLAIN, f"CREATE INDEX idx ON \"Contact\" (status); CREATE INDEX other {PLAIN}",
         "equivalent", "idx itself keys are (status)", "equivalent", cautioned=True),
    Case("there twice", PLAIN, f"CREATE INDEX idx {PLAIN}; CREATE INDEX other {PLAIN}", "redundant", "also there as other",
         "redundant"),
    Case("there twice under other names", PLAIN, f"CREATE INDEX one {PLAIN}; CREATE INDEX two {PLAIN}", "equivalent",
         "also there as two", "equivalent", cautioned=True),
]  # fmt: skip

MISSING = [
    Case("nothing there", PLAIN, "", "missing"),
    Case("near: no include", 'ON "Contact" ("tenantId", status) INCLUDE (name, email)',
         'CREATE INDEX "Contact_tenantId_status_idx" ON "Contact" ("tenantId", status)', "missing",
         "nearest is Contact_tenantId_status_idx, which does not include email, name"),
    Case("near: unique", 'ON "Contact" (email)', 'CREATE UNIQUE INDEX other ON "Contact" (email)', "missing", "is unique"),
    Case("near: direction", 'ON "Contact" ("tenantId", "createdAt" DESC)',
         'CREATE INDEX other ON "Contact" ("tenantId", "createdAt")', "missing", "is ASC, declared DESC"),
    Case("the same on another table", PLAIN, 'CREATE TABLE "Lead" (LIKE "Contact"); CREATE INDEX other ON "Lead" ("tenantId", status)',
         "missing"),
    Case("an invalid one of another name", PLAIN,
         f"CREATE INDEX other {PLAIN}; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'other'::regclass", "missing"),
    Case("partitioned, no partition has it", PLAIN, "", "missing", "0 of 2 partitions", table=PARTITIONED),
    Case("partitioned, one partition has it", PLAIN, 'CREATE INDEX a_own ON contact_a ("tenantId", status)', "missing",
         "1 of 2 partitions", table=PARTITIONED),
    Case("partitioned twice, nothing there", PLAIN, "", "missing", "0 of 3 partitions", table=DEEP),
    Case("a swap was interrupted before it", PLAIN, f"CREATE INDEX idx__new {PLAIN}", "missing"),
    Case("names as long as they may be", PLAIN, "", "missing", index="i" * 63),
]  # fmt: skip

DIFFERENT = [
    Case("include against key", 'ON "Contact" ("tenantId", status) INCLUDE (name)',
         'CREATE INDEX idx ON "Contact" ("tenantId", status, name)', "different", 'keys are ("tenantId", status, name)'),
    Case("key against include", 'ON "Contact" ("tenantId", status, name)',
         'CREATE INDEX idx ON "Contact" ("tenantId", status) INCLUDE (name)', "different", "keys are"),
    Case("include lacks one", 'ON "Contact" ("tenantId") INCLUDE (name, email)',
         'CREATE INDEX idx ON "Contact" ("tenantId") INCLUDE (name)', "different", "does not include email"),
    Case("include has one more", 'ON "Contact" ("tenantId") INCLUDE (name)',
         'CREATE INDEX idx ON "Contact" ("tenantId") INCLUDE (name, email)', "different", "includes email, not declared"),
    Case("(a) against (a DESC)", 'ON "Contact" ("createdAt" DESC)', 'CREATE INDEX idx ON "Contact" ("createdAt")', "different",
         'key 1 ("createdAt") is ASC, declared DESC'),
    Case("nulls first", 'ON "Contact" ("createdAt")', 'CREATE INDEX idx ON "Contact" ("createdAt" NULLS FIRST)', "different",
         "is ASC NULLS FIRST, declared ASC"),
    Case("descending, nulls last", 'ON "Contact" ("createdAt" DESC)',
         'CREATE INDEX idx ON "Contact" ("createdAt" DESC NULLS LAST)', "different", "is DESC NULLS LAST, declared DESC"),
    Case("key order", PLAIN, 'CREATE INDEX idx ON "Contact" (status, "tenantId")', "different", 'keys are (status, "tenantId")'),
    Case("a prefix only", PLAIN, 'CREATE INDEX idx ON "Contact" ("tenantId")', "different", "keys are"),
    Case("opclass", 'ON "Contact" (name)', 'CREATE INDEX idx ON "Contact" (name text_pattern_ops)', "different",
         "has operator class text_pattern_ops, declared text_ops"),
    Case("collation", 'ON "Contact" (name)', 'CREATE INDEX idx ON "Contact" (name COLLATE "C")', "different", "has collation C"),
    Case("expression against column", 'ON "Contact" (lower(email))', 'CREATE INDEX idx ON "Contact" (email)', "different",
         "keys are (email)"),
    Case("full text that is null without an email", SEARCH,
         "CREATE INDEX idx ON \"Contact\" USING gin (to_tsvector('english', name || ' ' || email))", "different", "keys are"),
    Case("another language", SEARCH,
         "CREATE INDEX idx ON \"Contact\" USING gin (to_tsvector('simple', name || ' ' || coalesce(email, '')))", "different",
         "simple"),
    Case("partial, declared whole", PLAIN, f"CREATE INDEX idx {PLAIN} WHERE status = 'active'", "different", "holds only rows where"),
    Case("whole, declared partial", f"{PLAIN} WHERE status = 'active'", f"CREATE INDEX idx {PLAIN}", "different",
         "holds all rows, declared only those where"),
    Case("another predicate", f"{PLAIN} WHERE status = 'active'", f"CREATE INDEX idx {PLAIN} WHERE status = 'lost'", "different",
         "'lost'"),
    Case("unique, declared not", PLAIN, 'CREATE UNIQUE INDEX idx ON "Contact" ("tenantId", status)', "different", "is unique"),
    Case("not unique, declared unique", 'ON "Contact" ("tenantId", id)', 'CREATE INDEX idx ON "Contact" ("tenantId", id)',
         "different", "is not unique, declared unique", unique=True),
    Case("nulls distinct, declared not", 'ON "Contact" (email) NULLS NOT DISTINCT', 'CREATE UNIQUE INDEX idx ON "Contact" (email)',
         "different", "nulls are distinct, declared nulls are not distinct", unique=True),
    Case("hash", 'ON "Contact" (email)', 'CREATE INDEX idx ON "Contact" USING hash (email)', "different", "is hash, declared btree"),
    Case("brin of another opclass", 'ON "Contact" USING brin ("createdAt")',
         'CREATE INDEX idx ON "Contact" USING brin ("createdAt" timestamptz_minmax_multi_ops)', "different", "operator class"),
    Case("brin with options", 'ON "Contact" USING brin (name text_bloom_ops (n_distinct_per_range = 100))',
         'CREATE INDEX idx ON "Contact" USING brin (name text_bloom_ops)', "different", "options none"),
    Case("a swap was interrupted after the build", PLAIN,
         f'CREATE INDEX idx ON "Contact" (status); CREATE INDEX idx__new {PLAIN}', "different"),
    Case("a build beside it died", PLAIN, f"""CREATE INDEX idx ON "Contact" (status); CREATE INDEX idx__new {PLAIN};
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx__new'::regclass""", "different"),
    Case("partitioned, another key", PLAIN, 'CREATE INDEX idx ON "Contact" (status)', "different", "keys are (status)",
         table=PARTITIONED),
    Case("partitioned twice, another key", PLAIN, 'CREATE INDEX idx ON "Contact" (status)', "different", table=DEEP),
    Case("long name differs", PLAIN, f'CREATE INDEX {"i" * 63} ON "Contact" (status)', "different", index="i" * 63),
]  # fmt: skip

INVALID = [
    Case("parent without its partitions", PLAIN, 'CREATE INDEX idx ON ONLY "Contact" ("tenantId", status)', "invalid",
         "no valid index is attached for contact_a, contact_b", table=PARTITIONED),
    Case("one partition attached", PLAIN, """CREATE INDEX idx ON ONLY "Contact" ("tenantId", status);
         CREATE INDEX a_own ON contact_a ("tenantId", status); ALTER INDEX idx ATTACH PARTITION a_own""", "invalid",
         "attached for contact_b", table=PARTITIONED),
    Case("a partition's build died", PLAIN, """CREATE INDEX idx ON ONLY "Contact" ("tenantId", status);
         CREATE INDEX contact_a_idx ON contact_a ("tenantId", status);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contact_a_idx'::regclass""", "invalid",
         "attached for contact_a, contact_b", table=PARTITIONED),
    Case("a duplicate key stopped it", 'ON "Contact" (email)', "", "invalid", "died in the first phase",
         fixed="could not create unique index", unique=True,
         table=CONTACT + """INSERT INTO "Contact" (id, "tenantId", name, email) VALUES (1, 1, 1, 'x'), (2, 1, 1, 'x');
         --concurrently CREATE UNIQUE INDEX CONCURRENTLY idx ON "Contact" (email)"""),
]  # fmt: skip

ABSENT = [
    Case("no table", PLAIN, "", "table absent", 'there is no table "Contact"', 'there is no table "Contact"', table=""),
    Case("a table in lower case", PLAIN, "", "table absent", 'but one called "contact"', "contact", table="CREATE TABLE contact (id text)"),
    Case("a table elsewhere", PLAIN, "", "table absent", "elsewhere", "there is no table",
         table='CREATE SCHEMA IF NOT EXISTS elsewhere; CREATE TABLE IF NOT EXISTS elsewhere."Contact" (id text)'),
    Case("a view", PLAIN, "", "table absent", "is a view", "is a view", table='CREATE VIEW "Contact" AS SELECT 1 AS id'),
    Case("a column in lower case", PLAIN, "", "column absent", "the table has 'tenantid'", 'column "tenantId" does not exist',
         table='CREATE TABLE "Contact" (id text, tenantId text, status text)'),
    Case("unquoted in the declaration", 'ON "Contact" (tenantId)', "", "column absent", "the table has 'tenantId'",
         'column "tenantid" does not exist'),
    Case("a column in snake case", PLAIN, "", "column absent", "the table has 'tenant_id'", 'column "tenantId" does not exist',
         table='CREATE TABLE "Contact" (id text, tenant_id text, status text)'),
    Case("no included column", 'ON "Contact" ("tenantId") INCLUDE (mobile)', "", "column absent", "mobile", "mobile"),
    Case("no column in an expression", 'ON "Contact" (lower(mobile))', "", "column absent", "mobile", "mobile"),
    Case("no column in a predicate", 'ON "Contact" (id) WHERE mobile IS NOT NULL', "", "column absent", "mobile", "mobile"),
    Case("no such opclass", 'ON "Contact" USING gin (name gin_nowhere_ops)', "", "refused", "gin_nowhere_ops", "gin_nowhere_ops"),
    Case("no default opclass", 'ON "Contact" USING gin (name)', "", "refused", "default operator class", "default operator class"),
    Case("no such function", 'ON "Contact" (unheard_of(name))', "", "refused", "unheard_of", "unheard_of"),
    Case("no such collation", 'ON "Contact" (name COLLATE nowhere)', "", "refused", "nowhere", "nowhere"),
]  # fmt: skip

BOUND = [
    Case("the name is another table's index", PLAIN, 'CREATE TABLE "Lead" (id text); CREATE INDEX idx ON "Lead" (id)', "different",
         "the name belongs to an index on", "the name belongs to"),
    Case("the name is a table", PLAIN, "CREATE TABLE idx (id text)", "different", "the name belongs to a table", "a table"),
    Case("the name is a constraint", PLAIN, 'ALTER TABLE "Contact" ADD CONSTRAINT idx UNIQUE (email)', "different", "is unique",
         "belongs to constraint idx"),
    Case("the replica identity", PLAIN, """CREATE UNIQUE INDEX idx ON "Contact" ("tenantId");
         ALTER TABLE "Contact" REPLICA IDENTITY USING INDEX idx""", "different", "is unique", "replica identity"),
    Case("a partition is foreign", PLAIN, "", "missing", fixed="is a foreign table", table=PARTITIONED + """
         DO $$ BEGIN CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing;
               EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         CREATE FOREIGN TABLE contact_far PARTITION OF "Contact" FOR VALUES IN ('far') SERVER far"""),
]  # fmt: skip

CASES = [*OK, *EQUIVALENT, *MISSING, *DIFFERENT, *INVALID, *ABSENT, *BOUND]
