-- What every table stands on: the touch and announce triggers, and the two procedures that enclose a table.
--
-- Why: a tenant table is safe only if it has the policy, the check, the grants and the notices, all of them. One
-- CALL gives them all, so a later table cannot be made with half a wall.
-- The schema `payaid` itself, with its bookkeeping, is made by the runner before the first file.

-- Functions are executable by PUBLIC unless told otherwise; a SECURITY DEFINER function must never be.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- A database that was upgraded from PostgreSQL 14 still lets everybody create here.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public, payaid TO payaid_service;
GRANT SELECT ON payaid.migration TO payaid_service;

-- "updatedAt" always moves forward, even for two updates within a microsecond or a transaction: ETags depend on it.
CREATE FUNCTION payaid.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW."updatedAt" := greatest(clock_timestamp(), OLD."updatedAt" + interval '1 microsecond');
    RETURN NEW;
END $$;

-- Say what a statement changed, as JSON on the channel payaid_change: atomic with the commit, whoever writes.
--   {"tenant": text, "table": text, "ids": [text] | null, "facets": {column: [old and new values]} | null}
-- Null means "too many to name": more than 20 ids, more than 50 values, more than 7,000 bytes, or over 1,000 rows.
-- Trigger arguments: the column that names the tenant, then the facet columns. Transition tables: `touched` (new
-- rows of INSERT and UPDATE, old ones of DELETE) and `former` (old rows of UPDATE). The function is compiled once
-- per trigger, so these names may have another row type in each. SECURITY DEFINER: whoever may write, announces.
CREATE FUNCTION payaid.announce() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant_column constant text := TG_ARGV[0];
    facet_columns constant text[] := TG_ARGV[1:];
    changed jsonb[];
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM touched LIMIT 1001) AS first_rows) > 1000 THEN
        PERFORM payaid.notify_change(t.tenant, TG_TABLE_NAME, NULL, NULL)
        FROM (SELECT DISTINCT to_jsonb(r) ->> tenant_column AS tenant FROM touched AS r) AS t;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        changed := ARRAY(SELECT to_jsonb(r) FROM touched AS r UNION ALL SELECT to_jsonb(r) FROM former AS r);
    ELSE
        changed := ARRAY(SELECT to_jsonb(r) FROM touched AS r);
    END IF;
    PERFORM payaid.notify_change(t.tenant, TG_TABLE_NAME, t.ids, payaid.facets(t.rows, facet_columns))
    FROM (
        SELECT r ->> tenant_column AS tenant, array_agg(DISTINCT r ->> 'id') AS ids, array_agg(r) AS rows
        FROM unnest(changed) AS r
        GROUP BY r ->> tenant_column
    ) AS t;
    RETURN NULL;
END $$;

-- The distinct values of each facet column in these rows; null when one has more than 50, or there are no facets.
CREATE FUNCTION payaid.facets(changed jsonb[], facet_columns text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN max(jsonb_array_length(f.found)) <= 50 THEN jsonb_object_agg(f.facet, f.found) END
    FROM (
        SELECT facet, jsonb_agg(DISTINCT r -> facet) AS found
        FROM unnest(facet_columns) AS facet CROSS JOIN unnest(changed) AS r
        GROUP BY facet
    ) AS f
$$;

-- Send one notice, shortened until it fits: a user's write never fails because its notice was long.
CREATE FUNCTION payaid.notify_change(tenant text, table_name text, ids text[], facets jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    few_ids text[] := CASE WHEN cardinality(ids) <= 20 THEN ids END;
    notice text;
BEGIN
    notice := json_build_object('tenant', tenant, 'table', table_name, 'ids', few_ids, 'facets', facets);
    IF octet_length(notice) > 7000 THEN
        notice := json_build_object('tenant', tenant, 'table', table_name, 'ids', few_ids, 'facets', NULL);
    END IF;
    IF octet_length(notice) > 7000 THEN
        notice := json_build_object('tenant', tenant, 'table', table_name, 'ids', NULL, 'facets', NULL);
    END IF;
    PERFORM pg_notify('payaid_change', notice);
END $$;

-- TRUNCATE has no transition table: every tenant is told.
CREATE FUNCTION payaid.announce_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM payaid.notify_change(t.id, TG_TABLE_NAME, NULL, NULL) FROM public."Tenant" AS t;
    RETURN NULL;
END $$;

-- Put the tenant wall round a table: row-level security, forced, one policy, and what the service role may do.
CREATE PROCEDURE payaid.enclose(
    target regclass, tenant_column name DEFAULT 'tenantId', service_may text DEFAULT 'SELECT, INSERT, UPDATE, DELETE'
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wall constant text := format('%I = nullif(current_setting(''payaid.tenant_id'', true), '''')', tenant_column);
BEGIN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT tenant_named CHECK (%I <> '''')', target, tenant_column);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_wall ON %s FOR ALL USING (%s) WITH CHECK (%s)', target, wall, wall);
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', target);
    EXECUTE format('GRANT %s ON %s TO payaid_service', service_may, target);
END $$;

-- Let a table announce its changes; `facets` are the columns whose old and new values go with the notice.
CREATE PROCEDURE payaid.announce_changes(
    target regclass, facets text[] DEFAULT '{}', tenant_column text DEFAULT 'tenantId'
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    arguments constant text :=
        (SELECT string_agg(quote_literal(argument), ', ' ORDER BY place)
         FROM unnest(array_prepend(tenant_column, facets)) WITH ORDINALITY AS a (argument, place));
BEGIN
    EXECUTE format('CREATE TRIGGER announce_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS touched '
        'FOR EACH STATEMENT EXECUTE FUNCTION payaid.announce(%s)', target, arguments);
    EXECUTE format('CREATE TRIGGER announce_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS former '
        'NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION payaid.announce(%s)', target, arguments);
    EXECUTE format('CREATE TRIGGER announce_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS touched '
        'FOR EACH STATEMENT EXECUTE FUNCTION payaid.announce(%s)', target, arguments);
    EXECUTE format('CREATE TRIGGER announce_truncate BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION payaid.announce_truncate()', target);
END $$;

-- Keep a table's "updatedAt".
CREATE PROCEDURE payaid.keep_updated_at(target regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION payaid.touch()', target);
END $$;

-- Procedures are routines too, and have their own default.
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
