-- The database itself refuses to change, replace or delete an entry.

CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.hash IS NULL
    OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.user_id IS NOT OLD.user_id OR NEW.actor IS NOT OLD.actor
    OR NEW.action IS NOT OLD.action OR NEW.resource IS NOT OLD.resource OR NEW.resource_id IS NOT OLD.resource_id
    OR NEW.before_json IS NOT OLD.before_json OR NEW.after_json IS NOT OLD.after_json OR NEW.ip IS NOT OLD.ip
    OR NEW.user_agent IS NOT OLD.user_agent OR NEW.request_id IS NOT OLD.request_id
    OR NEW.writer IS NOT OLD.writer OR NEW.number IS NOT OLD.number OR NEW.mac IS NOT OLD.mac
    -- UPDATE OR REPLACE would remove the entry that has the place, and no trigger would know.
    OR EXISTS (SELECT 1 FROM audit_entries WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never changed');
END;

CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never deleted');
END;

CREATE TRIGGER audit_entries_no_place BEFORE INSERT ON audit_entries
WHEN NEW.seq IS NOT NULL OR NEW.hash IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never written with a place in the chain');
END;

-- INSERT OR REPLACE would remove the entry that has the name, and no trigger would know.
CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never replaced');
END;
