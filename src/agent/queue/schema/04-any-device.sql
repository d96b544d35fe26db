-- What the agent knows of devices and of what it found in their instances. Nothing here is a patient attribute in clear.

-- What was odd about an instance when it came in (src/dicom/check/check-findings.ts): names only, no value. It cannot be derived
-- again, since the agent cannot open what it has sealed: it goes with the index.
CREATE TABLE finding (
  study_instance_uid TEXT NOT NULL,
  finding TEXT NOT NULL,
  ulid TEXT NOT NULL REFERENCES instance (ulid),
  PRIMARY KEY (study_instance_uid, finding, ulid)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_by_instance ON finding (ulid);
CREATE TABLE finding_total (
  calling_ae_title TEXT NOT NULL,
  finding TEXT NOT NULL,
  instances INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (calling_ae_title, finding)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_quarantined ON delivery (destination, ulid) WHERE state = 'held' AND reason_code = 'CHECK_HELD';

-- What a person recognizes a study by: AES-256-GCM under the display key, which lies apart from the database. Gone with
-- the study's last spool file.
CREATE TABLE display_record (
  study_instance_uid TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX instance_present_by_study ON instance (study_instance_uid) WHERE removed_at IS NULL;
CREATE TRIGGER study_removed AFTER UPDATE OF removed_at ON instance
  WHEN NEW.removed_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM instance WHERE study_instance_uid = NEW.study_instance_uid AND removed_at IS NULL)
BEGIN
  DELETE FROM display_record WHERE study_instance_uid = NEW.study_instance_uid;
  UPDATE study SET records_since = coalesce((SELECT elapsed_ms FROM retention_time), 0)
    WHERE destination IN (SELECT destination FROM study_total) AND study_instance_uid = NEW.study_instance_uid;
END;

-- Each time that names were shown whole: to whom, and of which study (NULL = of a list).
CREATE TABLE names_shown (
  at INTEGER NOT NULL,
  os_user TEXT NOT NULL,
  study_instance_uid TEXT
) STRICT;

-- What each caller of device_sighting proposed, sent, and ran into. What has sent instances is not forgotten with its sighting:
-- a stranger who tries name after name must not take the known ones with it.
CREATE TABLE device_record (
  calling_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  proposal TEXT,
  instances INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  instance_at INTEGER,
  sop_class_uid TEXT,
  transfer_syntax_uid TEXT,
  problem TEXT,
  problem_detail TEXT,
  problem_at INTEGER,
  PRIMARY KEY (calling_ae_title, peer_address)
) STRICT;
CREATE TRIGGER device_sighting_forgotten AFTER DELETE ON device_sighting BEGIN
  DELETE FROM device_record WHERE calling_ae_title = OLD.calling_ae_title AND peer_address = OLD.peer_address
    AND instances = 0;
END;

-- Callers that are not listed and that a person wants to hear no more of; peer_address '' = from anywhere.
CREATE TABLE ignored_caller (
  calling_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  ignored_at INTEGER NOT NULL,
  PRIMARY KEY (calling_ae_title, peer_address)
) STRICT;

-- A copy without identity does not stand for what its device holds, even where it kept the UID.
ALTER TABLE instance ADD COLUMN is_deidentified INTEGER NOT NULL DEFAULT 0;

-- Requests for storage commitment (PS3.4 Annex J), written durably before they are answered. `reported`: the device has
-- answered the report with Success. `abandoned`: it could not be told for so long that nobody waits for it any more.
CREATE TABLE commitment (
  id INTEGER PRIMARY KEY,
  calling_ae_title TEXT NOT NULL,
  called_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  transaction_uid TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'reported', 'abandoned')),
  closed_at INTEGER,
  -- how often a report was tried, since when it is due, the next time not before, and why it did not get there
  attempts INTEGER NOT NULL DEFAULT 0,
  due_since INTEGER,
  next_attempt_at INTEGER NOT NULL DEFAULT 0,
  reason_code TEXT,
  reason TEXT,
  UNIQUE (calling_ae_title, transaction_uid)
) STRICT;
CREATE INDEX commitment_open ON commitment (next_attempt_at) WHERE state = 'open';
CREATE INDEX commitment_closed ON commitment (closed_at) WHERE closed_at IS NOT NULL;
CREATE TABLE commitment_reference (
  commitment INTEGER NOT NULL REFERENCES commitment (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  -- as reported: 0 = committed, else the Failure Reason (PS3.3 C.14.1.1); NULL = not reported yet
  outcome INTEGER,
  PRIMARY KEY (commitment, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX commitment_reference_by_instance ON commitment_reference (sop_instance_uid);
