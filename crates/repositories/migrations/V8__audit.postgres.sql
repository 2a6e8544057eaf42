-- The database itself refuses to change or delete an entry.

CREATE FUNCTION audit_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'an audit entry is never deleted';
    END IF;
    IF OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.hash IS NULL
        OR (NEW.id, NEW.at, NEW.user_id, NEW.actor, NEW.action, NEW.resource, NEW.resource_id,
            NEW.before_json, NEW.after_json, NEW.ip, NEW.user_agent, NEW.request_id, NEW.writer, NEW.number, NEW.mac)
        IS DISTINCT FROM
           (OLD.id, OLD.at, OLD.user_id, OLD.actor, OLD.action, OLD.resource, OLD.resource_id,
            OLD.before_json, OLD.after_json, OLD.ip, OLD.user_agent, OLD.request_id, OLD.writer, OLD.number, OLD.mac)
    THEN
        RAISE EXCEPTION 'an audit entry is never changed';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit entry is never written with a place in the chain';
END
$$;

CREATE TRIGGER audit_entries_no_place BEFORE INSERT ON audit_entries
    FOR EACH ROW WHEN (NEW.seq IS NOT NULL OR NEW.hash IS NOT NULL) EXECUTE FUNCTION audit_entries_refuse();
CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_keep();
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_keep();
