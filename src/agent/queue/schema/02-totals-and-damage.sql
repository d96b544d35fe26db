-- What is shown at a glance costs the same however long the queue is; and what became of a damaged spool file.

-- The spool file was found to be missing, cut off or changed; `damage` is the failure code. NULL = nothing found.
ALTER TABLE instance ADD COLUMN damaged_at INTEGER;
ALTER TABLE instance ADD COLUMN damage TEXT;
-- The device sent the same bytes once more, and that copy took the damaged one's place.
ALTER TABLE instance ADD COLUMN superseded_by TEXT;
CREATE INDEX instance_damaged ON instance (damage, damaged_at) WHERE damage IS NOT NULL AND superseded_by IS NULL;
CREATE INDEX instance_superseded ON instance (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX instance_present ON instance (ulid) WHERE removed_at IS NULL;

-- Files in the spool that do not read as spool files and may have been accepted once, as an earlier index may have known.
CREATE TABLE doubtful_file (
  ulid TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_unconfirmed ON delivery (ulid) WHERE state <> 'confirmed';

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
