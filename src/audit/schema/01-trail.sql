-- The end of the audit trail, and how far it was sent. Its transactions also keep two processes from writing at one time.
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  -- SHA-256 of the last line, in hexadecimal.
  digest TEXT NOT NULL,
  file TEXT NOT NULL,
  -- Size of the file with that line.
  bytes INTEGER NOT NULL,
  signature TEXT NOT NULL,
  -- Fingerprint of the key that signed it.
  kid TEXT NOT NULL
) STRICT;
-- The last line that the collector of audit messages has.
CREATE TABLE sent (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL
) STRICT;
