-- The people who may use the center's page. Of a password only its scrypt hash is stored.
CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  password TEXT NOT NULL,
  -- 1: made by the program; the person has not chosen one yet
  is_first INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER
) STRICT, WITHOUT ROWID;
