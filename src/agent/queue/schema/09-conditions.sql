-- When the agent first saw each condition that lasts: the code and its subject, or '' if it has none.
CREATE TABLE condition_time (
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (code, subject)
) STRICT, WITHOUT ROWID;
