-- The last answer of the center to each request of the agent that was not a success; no row = it succeeded.
CREATE TABLE failed_request (
  -- a RequestKind
  kind TEXT NOT NULL,
  -- a study, or the path of a question about many
  subject TEXT NOT NULL,
  -- when it first failed
  since INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  reason_code TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
