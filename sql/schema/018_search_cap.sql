-- Search doors that show when they were cut off.
--
-- Why: an answer made from the newest 1,000 matches must say so, and only whoever may ask for one more than it uses
-- can tell "exactly 1,000" from "more". So the doors give up to 1,001.

CREATE OR REPLACE FUNCTION payaid.contact_search(query text, cap integer) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    tenant constant text := nullif(current_setting('payaid.tenant_id', true), '');
    terms constant tsquery := payaid.search_terms(query);
BEGIN
    IF tenant IS NOT NULL AND numnode(terms) > 0 THEN
        RETURN QUERY
        SELECT c.id FROM public."Contact" AS c
        WHERE c."tenantId" = tenant
          AND to_tsvector('english'::regconfig, c.name || ' ' || coalesce(c.email, '')) @@ terms
        ORDER BY c."createdAt" DESC, c.id DESC
        LIMIT least(cap, 1001);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION payaid.deal_search(query text, cap integer) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    tenant constant text := nullif(current_setting('payaid.tenant_id', true), '');
    terms constant tsquery := payaid.search_terms(query);
BEGIN
    IF tenant IS NOT NULL AND numnode(terms) > 0 THEN
        RETURN QUERY
        SELECT d.id FROM public."Deal" AS d
        WHERE d."tenantId" = tenant AND to_tsvector('english'::regconfig, d.name) @@ terms
        ORDER BY d."createdAt" DESC, d.id DESC
        LIMIT least(cap, 1001);
    END IF;
END $$;
