-- The center is asked, newest first, whether it still knows the receipts that it gave.
CREATE INDEX manifest_by_receipt ON manifest (destination, receipted_at, study_instance_uid, version, digest)
  WHERE receipted_at IS NOT NULL;
