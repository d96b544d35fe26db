-- The center that instances are sealed for from now on (its root key's fingerprint): one row at most.
CREATE TABLE own_center (
  center TEXT NOT NULL
) STRICT;
-- The center that an instance is sealed for, and the one that a manifest is for. Another center cannot open the former, and
-- knows nothing of the latter.
ALTER TABLE instance ADD COLUMN center TEXT;
ALTER TABLE manifest ADD COLUMN center TEXT;

-- Keeps study.pacs_waiting.
CREATE TRIGGER manifest_receipted AFTER UPDATE OF pacs ON manifest BEGIN
  UPDATE study SET pacs_waiting = EXISTS (
      SELECT 1 FROM manifest m WHERE m.destination = study.destination
        AND m.study_instance_uid = study.study_instance_uid AND m.version = study.version
        AND m.pacs IN ('waiting', 'held') AND m.center IS (SELECT center FROM own_center))
    WHERE destination = NEW.destination AND study_instance_uid = NEW.study_instance_uid;
END;

-- The center is asked, newest first, whether it still knows the receipts that it gave.
CREATE INDEX manifest_by_receipt ON manifest (destination, receipted_at, study_instance_uid, digest, version, center)
  WHERE receipted_at IS NOT NULL AND forgotten_at IS NULL;
