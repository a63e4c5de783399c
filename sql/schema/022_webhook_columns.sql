-- A webhook's `data` holds the columns that the API shows of such a row, by name: a column that is added to a table, or
-- one that the API keeps to itself, goes to nobody. (015 sent the whole row but for two columns.) An invoice's lines
-- are rows of their own: who wants them fetches the invoice.

CREATE FUNCTION payaid.webhook_columns(subject text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT '{id,createdAt,updatedAt}'::text[] || CASE subject
        WHEN 'contact' THEN '{name,email,phone,company,type,stage,status,source,address,city,state,postalCode,country,
            gstin,leadScore,tags,notes,lastContactedAt,nextFollowUp,assignedToId}'::text[]
        WHEN 'deal' THEN '{name,value,probability,stage,expectedCloseDate,actualCloseDate,lostReason,contactId,
            assignedToId}'
        WHEN 'invoice' THEN '{invoiceNumber,status,customerId,dealId,customerName,customerEmail,customerGSTIN,
            placeOfSupply,isInterState,reverseCharge,subtotal,cgst,sgst,igst,tax,roundOff,total,invoiceDate,dueDate,
            paidAt,notes}' END
$$;

CREATE OR REPLACE FUNCTION payaid.webhook_add(tenant text, event text, row_now jsonb, before jsonb)
RETURNS bigint LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(payaid.job_add(
        gen_random_uuid()::text, tenant, 'webhook',
        jsonb_build_object('webhookId', w.id, 'event', event, 'at', to_jsonb(now()), 'data',
                           (SELECT jsonb_object_agg(key, value) FROM jsonb_each(row_now)
                            WHERE key = ANY (payaid.webhook_columns(split_part(event, '.', 1)))))
            || CASE WHEN before IS NULL THEN '{}' ELSE jsonb_build_object('previous', before) END,
        5, NULL, w.id || '/' || (row_now ->> 'id'), NULL, NULL))
    FROM "Webhook" AS w
    WHERE w."tenantId" = tenant AND w."isActive" AND event = ANY (w.events)
$$;

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA payaid FROM PUBLIC;
