-- What is shown at a glance costs the same however long the queue is; and what became of a damaged spool file.

-- The spool file was found to be missing, cut off or changed; `damage` is the failure code. NULL = nothing found.
ALTER TABLE instance ADD COLUMN damaged_at INTEGER;
ALTER TABLE instance ADD COLUMN damage TEXT;
-- The device sent the same bytes once more, and that copy took the damaged one's place.
ALTER TABLE instance ADD COLUMN superseded_by TEXT;
CREATE INDEX instance_damaged ON instance (damage, damaged_at) WHERE damage IS NOT NULL AND superseded_by IS NULL;
CREATE INDEX instance_superseded ON instance (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX instance_present ON instance (ulid) WHERE removed_at IS NULL;
-- From when on it is kept, by the time of retention: its last confirmation, or that of the one that took its place. NULL while
-- any destination has not confirmed it. Kept by the triggers below and by nothing else, so that what may be removed is found without a look at the rest.
ALTER TABLE instance ADD COLUMN kept_from INTEGER;
CREATE INDEX instance_retained ON instance (kept_from, ulid) WHERE kept_from IS NOT NULL AND removed_at IS NULL;
CREATE TRIGGER instance_confirmed AFTER UPDATE OF state ON delivery
  WHEN NEW.state = 'confirmed' AND OLD.state <> 'confirmed'
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE ulid = NEW.ulid AND state <> 'confirmed')
BEGIN
  UPDATE instance SET kept_from = (SELECT max(kept_from) FROM delivery WHERE ulid = NEW.ulid) WHERE ulid = NEW.ulid;
  UPDATE instance SET kept_from = (SELECT max(kept_from) FROM delivery WHERE ulid = NEW.ulid)
    WHERE superseded_by = NEW.ulid;
END;
CREATE TRIGGER instance_unconfirmed AFTER UPDATE OF state ON delivery
  WHEN OLD.state = 'confirmed' AND NEW.state <> 'confirmed'
BEGIN
  UPDATE delivery SET receipt_version = NULL, receipt_part = NULL
    WHERE ulid = NEW.ulid AND destination = NEW.destination;
  UPDATE instance SET kept_from = NULL WHERE ulid = NEW.ulid;
  UPDATE instance SET kept_from = NULL WHERE superseded_by = NEW.ulid;
END;

-- Confirmed instances whose spool file is still kept, and their sealed bytes; kept by the triggers and by nothing else.
CREATE TABLE retained_total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  instances INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO retained_total VALUES (1, 0, 0);
CREATE TRIGGER instance_is_retained AFTER UPDATE OF kept_from, removed_at ON instance
  WHEN NEW.kept_from IS NOT NULL AND NEW.removed_at IS NULL
    AND (OLD.kept_from IS NULL OR OLD.removed_at IS NOT NULL)
BEGIN
  UPDATE retained_total SET instances = instances + 1, bytes = bytes + NEW.sealed_bytes;
END;
CREATE TRIGGER instance_is_not_retained AFTER UPDATE OF kept_from, removed_at ON instance
  WHEN OLD.kept_from IS NOT NULL AND OLD.removed_at IS NULL
    AND (NEW.kept_from IS NULL OR NEW.removed_at IS NOT NULL)
BEGIN
  UPDATE retained_total SET instances = instances - 1, bytes = bytes - OLD.sealed_bytes;
END;
CREATE TRIGGER instance_retained_deleted AFTER DELETE ON instance
  WHEN OLD.kept_from IS NOT NULL AND OLD.removed_at IS NULL
BEGIN
  UPDATE retained_total SET instances = instances - 1, bytes = bytes - OLD.sealed_bytes;
END;

-- Files in the spool that do not read as spool files and may have been accepted once, as an earlier index may have known.
CREATE TABLE doubtful_file (
  ulid TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_unconfirmed ON delivery (ulid) WHERE state <> 'confirmed';

-- Studies are listed by their last arrival, a study's conflicts are counted, and what may be done next is found, without a
-- look at the studies that are long confirmed.
CREATE INDEX study_by_arrival ON study (destination, last_arrived_at);
CREATE INDEX instance_conflicting ON instance (study_instance_uid) WHERE conflict = 1;
-- 1: a receipt, by this agent's center, says that the PACS has not taken everything and may yet. Kept
-- by the triggers manifest_receipted and manifest_removed, and by OwnCenter when the agent is joined to another center.
ALTER TABLE study ADD COLUMN pacs_waiting INTEGER NOT NULL DEFAULT 0;
CREATE INDEX study_due ON study (destination, next_attempt_at)
  WHERE state = 'closed' OR (state = 'confirmed' AND pacs_waiting = 1);
-- Since when, by the time of retention, none of its spool files is kept; NULL while one is. Later its records are forgotten.
ALTER TABLE study ADD COLUMN records_since INTEGER;
CREATE INDEX study_records ON study (records_since)
  WHERE records_since IS NOT NULL AND state = 'confirmed' AND pacs_waiting = 0;

-- Studies by state, kept by the triggers and by nothing else.
CREATE TABLE study_total (
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  studies INTEGER NOT NULL,
  PRIMARY KEY (destination, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER study_inserted AFTER INSERT ON study BEGIN
  INSERT INTO study_total VALUES (NEW.destination, NEW.state, 1) ON CONFLICT DO UPDATE SET studies = studies + 1;
END;
CREATE TRIGGER study_changed AFTER UPDATE OF state ON study WHEN OLD.state <> NEW.state BEGIN
  UPDATE study_total SET studies = studies - 1 WHERE destination = OLD.destination AND state = OLD.state;
  INSERT INTO study_total VALUES (NEW.destination, NEW.state, 1) ON CONFLICT DO UPDATE SET studies = studies + 1;
END;
CREATE TRIGGER study_deleted AFTER DELETE ON study BEGIN
  UPDATE study_total SET studies = studies - 1 WHERE destination = OLD.destination AND state = OLD.state;
END;

-- Deliveries and their sealed bytes by state, kept by the triggers below and by nothing else.
CREATE TABLE delivery_total (
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  instances INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (destination, state)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_total
  SELECT d.destination, d.state, count(*), sum(i.sealed_bytes) FROM delivery d JOIN instance i USING (ulid)
  GROUP BY d.destination, d.state;

CREATE TRIGGER delivery_inserted AFTER INSERT ON delivery BEGIN
  INSERT INTO delivery_total
    VALUES (NEW.destination, NEW.state, 1, (SELECT sealed_bytes FROM instance WHERE ulid = NEW.ulid))
    ON CONFLICT DO UPDATE SET instances = instances + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON delivery WHEN OLD.state <> NEW.state BEGIN
  UPDATE delivery_total
    SET instances = instances - 1, bytes = bytes - (SELECT sealed_bytes FROM instance WHERE ulid = OLD.ulid)
    WHERE destination = OLD.destination AND state = OLD.state;
  INSERT INTO delivery_total
    VALUES (NEW.destination, NEW.state, 1, (SELECT sealed_bytes FROM instance WHERE ulid = NEW.ulid))
    ON CONFLICT DO UPDATE SET instances = instances + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER delivery_deleted AFTER DELETE ON delivery BEGIN
  UPDATE delivery_total
    SET instances = instances - 1, bytes = bytes - (SELECT sealed_bytes FROM instance WHERE ulid = OLD.ulid)
    WHERE destination = OLD.destination AND state = OLD.state;
END;
