-- The center that instances are sealed for from now on (its root key's fingerprint): one row at most.
CREATE TABLE own_center (
  center TEXT NOT NULL
) STRICT;
-- The center that an instance is sealed for. Another one cannot open it.
ALTER TABLE instance ADD COLUMN center TEXT;

-- Keeps study.pacs_waiting.
CREATE TRIGGER manifest_receipted AFTER UPDATE OF pacs, pacs_changed, forgotten_at ON manifest BEGIN
  UPDATE study SET pacs_waiting = EXISTS (
      SELECT 1 FROM manifest m WHERE m.destination = study.destination
        AND m.study_instance_uid = study.study_instance_uid AND (m.pacs IN ('waiting', 'held') OR m.pacs_changed = 1)
        AND m.forgotten_at IS NULL AND m.center IS (SELECT center FROM own_center))
    WHERE destination = NEW.destination AND study_instance_uid = NEW.study_instance_uid;
END;
CREATE TRIGGER manifest_removed AFTER DELETE ON manifest BEGIN
  UPDATE study SET pacs_waiting = EXISTS (
      SELECT 1 FROM manifest m WHERE m.destination = study.destination
        AND m.study_instance_uid = study.study_instance_uid AND (m.pacs IN ('waiting', 'held') OR m.pacs_changed = 1)
        AND m.forgotten_at IS NULL AND m.center IS (SELECT center FROM own_center))
    WHERE destination = OLD.destination AND study_instance_uid = OLD.study_instance_uid;
END;

-- The center is asked, newest first, what became of these at the PACS.
CREATE INDEX manifest_open_at_pacs
  ON manifest (destination, receipted_at, study_instance_uid, digest, version, center, forgotten_at, pacs)
  WHERE receipted_at IS NOT NULL AND pacs <> 'accepted';
-- The center is asked, newest first, whether it still knows the receipts that it gave.
CREATE INDEX manifest_by_receipt ON manifest (destination, receipted_at, study_instance_uid, digest, version, center, forgotten_at)
  WHERE receipted_at IS NOT NULL AND forgotten_at IS NULL;
