-- Segments: files of many sealed instances. A row is made with the first instance of a segment; a number is never used twice.
CREATE TABLE segment (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- every record before this offset has its row, or needs none; written in the transaction of the rows
  indexed_to INTEGER NOT NULL,
  -- a sync failed: nothing from here on counts (synchronous=FULL)
  ends_at INTEGER,
  -- since when retention removes instances from it
  removed_since INTEGER
) STRICT;

-- The place of a sealed instance: NULL = a file of its own.
ALTER TABLE instance ADD COLUMN segment INTEGER;
ALTER TABLE instance ADD COLUMN "offset" INTEGER;
CREATE INDEX instance_in_segment ON instance (segment, "offset") WHERE segment IS NOT NULL AND removed_at IS NULL;

-- Names of files are compared with these.
DROP INDEX instance_present;
CREATE INDEX instance_present ON instance (ulid) WHERE removed_at IS NULL AND segment IS NULL;
