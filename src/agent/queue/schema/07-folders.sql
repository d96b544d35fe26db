-- Files of watched folders. A file name can be a patient's name and is not stored: a file is known by a keyed digest of its path
-- below the folder. 'taken' is committed with synchronous=FULL; the other states are found again by the next sweep.
CREATE TABLE folder_file (
  ulid TEXT PRIMARY KEY,
  folder TEXT NOT NULL,
  path_key BLOB NOT NULL,
  -- size, times and inode when it was looked at: another look is another version of the file, if its digest differs too
  look TEXT NOT NULL,
  -- of the file as it was taken
  sha256 TEXT,
  -- waiting: nothing tells whose it is. held: it cannot be taken as it is. taken: Success was answered for all of its instances
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'taken')),
  reason TEXT,
  bytes INTEGER NOT NULL,
  since INTEGER NOT NULL,
  -- the day (since 1970) of the last sweep that saw it
  seen_day INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX folder_file_by_path ON folder_file (folder, path_key);
CREATE INDEX folder_file_open ON folder_file (folder, state, since, ulid) WHERE state <> 'taken';
CREATE INDEX folder_file_unseen ON folder_file (folder, seen_day);

-- The instances that a file became, or was found to be: its source may go when all of them are confirmed.
CREATE TABLE folder_file_instance (
  file TEXT NOT NULL REFERENCES folder_file (ulid) ON DELETE CASCADE,
  instance TEXT NOT NULL,
  PRIMARY KEY (file, instance)
) STRICT, WITHOUT ROWID;

-- Files by folder and state, kept by the triggers and by nothing else.
CREATE TABLE folder_total (
  folder TEXT NOT NULL,
  state TEXT NOT NULL,
  files INTEGER NOT NULL,
  PRIMARY KEY (folder, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER folder_file_inserted AFTER INSERT ON folder_file BEGIN
  INSERT INTO folder_total VALUES (NEW.folder, NEW.state, 1) ON CONFLICT DO UPDATE SET files = files + 1;
END;
CREATE TRIGGER folder_file_changed AFTER UPDATE OF state ON folder_file WHEN OLD.state <> NEW.state BEGIN
  UPDATE folder_total SET files = files - 1 WHERE folder = OLD.folder AND state = OLD.state;
  INSERT INTO folder_total VALUES (NEW.folder, NEW.state, 1) ON CONFLICT DO UPDATE SET files = files + 1;
END;
CREATE TRIGGER folder_file_deleted AFTER DELETE ON folder_file BEGIN
  UPDATE folder_total SET files = files - 1 WHERE folder = OLD.folder AND state = OLD.state;
END;
