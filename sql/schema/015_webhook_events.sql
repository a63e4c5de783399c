-- Events for webhooks: a write of a contact, a deal or an invoice becomes a delivery job for each of the tenant's
-- webhooks that wants it, in the write's own transaction.
--
-- Why triggers: whoever writes is heard (a request, a job, an import, the existing application), and a request needs
-- no statement more. A tenant without webhooks pays one probe of an index. Rows of load runs are nobody's news.
--
-- An event's data is the row as the API shows it; `previous` holds what a changed stage or status was before. One
-- entity's events reach one webhook one at a time, in the order of the commits: the write holds the row's lock.

CREATE INDEX webhook_listening ON "Webhook" ("tenantId") WHERE "isActive";

-- Trigger arguments: the event's subject; the column that a further event follows; then that event's names, either
-- one for any change of the column (`stage_changed`), or `value=name` for a change to that value.
-- Transition tables: `touched` (new rows) and, on UPDATE, `former` (old rows).
CREATE FUNCTION payaid.tell_webhooks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    subject constant text := TG_ARGV[0];
    followed constant text := TG_ARGV[1];
    rules constant text[] := TG_ARGV[2:];
BEGIN
    IF NOT EXISTS (SELECT FROM touched AS r JOIN "Webhook" AS w ON w."tenantId" = r."tenantId" AND w."isActive"
                   WHERE r."loadRun" IS NULL) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM payaid.webhook_add(r."tenantId", e.event, to_jsonb(r), NULL)
        FROM touched AS r
        CROSS JOIN LATERAL payaid.webhook_events(subject, 'created', followed, rules, to_jsonb(r), NULL) AS e (event)
        WHERE r."loadRun" IS NULL;
    ELSE
        PERFORM payaid.webhook_add(r."tenantId", e.event, to_jsonb(r),
                                   jsonb_build_object(followed, to_jsonb(f) -> followed))
        FROM touched AS r JOIN former AS f ON f."tenantId" = r."tenantId" AND f.id = r.id
        CROSS JOIN LATERAL payaid.webhook_events(subject, 'updated', followed, rules, to_jsonb(r), to_jsonb(f))
            AS e (event)
        WHERE r."loadRun" IS NULL AND to_jsonb(r) - 'updatedAt' <> to_jsonb(f) - 'updatedAt';
    END IF;
    RETURN NULL;
END $$;

-- The names of the events that one row's change is.
CREATE FUNCTION payaid.webhook_events(
    subject text, plain text, followed text, rules text[], after jsonb, before jsonb
) RETURNS SETOF text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT subject || '.' || plain
    UNION ALL
    SELECT subject || '.' || CASE WHEN position('=' IN rule) > 0 THEN split_part(rule, '=', 2) ELSE rule END
    FROM unnest(rules) AS rule
    WHERE (after -> followed) IS DISTINCT FROM (before -> followed)
      AND CASE WHEN position('=' IN rule) > 0 THEN after ->> followed = split_part(rule, '=', 1)
               ELSE before IS NOT NULL END
$$;

-- A delivery job for each active webhook of the tenant that wants the event.
CREATE FUNCTION payaid.webhook_add(tenant text, event text, row_now jsonb, before jsonb)
RETURNS bigint LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(payaid.job_add(
        gen_random_uuid()::text, tenant, 'webhook',
        jsonb_build_object('webhookId', w.id, 'event', event, 'at', to_jsonb(now()),
                           'data', row_now - 'tenantId' - 'loadRun')
            || CASE WHEN before IS NULL THEN '{}' ELSE jsonb_build_object('previous', before) END,
        5, NULL, w.id || '/' || (row_now ->> 'id'), NULL, NULL))
    FROM "Webhook" AS w
    WHERE w."tenantId" = tenant AND w."isActive" AND event = ANY (w.events)
$$;

CREATE PROCEDURE payaid.announce_events(target regclass, subject text, followed text, rules text[] DEFAULT '{}')
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    arguments constant text := (SELECT string_agg(quote_literal(argument), ', ' ORDER BY place)
        FROM unnest(ARRAY[subject, followed] || rules) WITH ORDINALITY AS a (argument, place));
BEGIN
    EXECUTE format('CREATE TRIGGER events_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS touched '
        'FOR EACH STATEMENT EXECUTE FUNCTION payaid.tell_webhooks(%s)', target, arguments);
    EXECUTE format('CREATE TRIGGER events_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS former '
        'NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION payaid.tell_webhooks(%s)', target, arguments);
END $$;

CALL payaid.announce_events('"Contact"', 'contact', 'stage');
CALL payaid.announce_events('"Deal"', 'deal', 'stage', '{stage_changed}');
CALL payaid.announce_events('"Invoice"', 'invoice', 'status', '{paid=paid,overdue=overdue}');
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
