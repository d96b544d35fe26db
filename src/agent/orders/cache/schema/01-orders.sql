-- Orders and merges of patients, sealed under the display key; no column tells anything about a patient.
CREATE TABLE sealed_order (
  id INTEGER PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
CREATE TABLE sealed_merge (
  id INTEGER PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
-- HL7 messages that were taken, so that the same one again has the same answer and no second effect.
CREATE TABLE taken_message (
  -- SHA-256 of source, sending system and control ID
  id BLOB PRIMARY KEY,
  -- SHA-256 of the whole message
  digest BLOB NOT NULL,
  answer BLOB NOT NULL,
  taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_message_by_time ON taken_message (taken_at);
