-- The center is asked, newest first, whether it still knows the receipts that it gave.
CREATE INDEX manifest_by_receipt ON manifest (destination, receipted_at, study_instance_uid, version, digest)
  WHERE receipted_at IS NOT NULL;

-- The center that instances are sealed for from now on (its root key's fingerprint): one row at most.
CREATE TABLE own_center (
  center TEXT NOT NULL
) STRICT;
-- The center that an instance is sealed for, and that a manifest is for; another one can open the former as little as it knows
-- the latter.
ALTER TABLE instance ADD COLUMN center TEXT;
ALTER TABLE manifest ADD COLUMN center TEXT;
