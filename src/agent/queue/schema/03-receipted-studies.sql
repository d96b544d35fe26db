-- The center that instances are sealed for from now on (its root key's fingerprint): one row at most.
CREATE TABLE own_center (
  center TEXT NOT NULL
) STRICT;
-- The center that an instance is sealed for, and the one that a manifest is for. Another center cannot open the former, and
-- knows nothing of the latter.
ALTER TABLE instance ADD COLUMN center TEXT;
ALTER TABLE manifest ADD COLUMN center TEXT;

-- The center is asked, newest first, whether it still knows the receipts that it gave.
CREATE INDEX manifest_by_receipt ON manifest (destination, receipted_at, study_instance_uid, digest, version, center)
  WHERE receipted_at IS NOT NULL AND forgotten_at IS NULL;
