-- A tenant that becomes active again finds its cache warm, whoever activates it: the application's own back office is
-- another program, so the database has to say so. (A new tenant has no rows that could be kept.)

CREATE FUNCTION payaid.warm_activated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM payaid.job_add(gen_random_uuid()::text, NEW.id, 'warm',
                           jsonb_build_object('modules', NEW."licensedModules"), 10, 'hot', NULL, NULL, NULL);
    RETURN NULL;
END $$;

CREATE TRIGGER warm_activated AFTER UPDATE OF status ON "Tenant" FOR EACH ROW
    WHEN (NEW.status IN ('active', 'trial') AND OLD.status NOT IN ('active', 'trial'))
    EXECUTE FUNCTION payaid.warm_activated();

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
