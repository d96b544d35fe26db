-- What the center must not forget. Times are ms since 1970; digests are SHA-256 in lower-case hex.
-- UIDs stand here, nothing else of the examination and nothing of the patient.

CREATE TABLE agents (
  kid TEXT PRIMARY KEY,
  public_key BLOB NOT NULL,
  -- The operator's name for it, from the invitation, and what it calls itself.
  name TEXT NOT NULL,
  own_name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'revoked')),
  joined_at INTEGER NOT NULL,
  approved_at INTEGER,
  revoked_at INTEGER,
  last_seen_at INTEGER,
  -- Grows whenever instances that concern this agent are found lost, or found again.
  losses INTEGER NOT NULL DEFAULT 0,
  -- Two machines were found at work with its key: since when, and when last.
  cloned_since INTEGER,
  cloned_at INTEGER
) STRICT;

-- The newest report of each agent about itself: JSON (src/protocol/report/heartbeat.ts), its times by the center's clock.
CREATE TABLE heartbeats (
  agent TEXT PRIMARY KEY REFERENCES agents (kid),
  received_at INTEGER NOT NULL,
  -- How far the agent's clock is ahead of the center's.
  clock_offset_ms INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT;

-- When the running center first saw each condition that lasts; the subject is '' if it has none.
CREATE TABLE conditions (
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  since INTEGER NOT NULL,
  -- Since when it needs a person; null while the center copes with it.
  act_since INTEGER,
  PRIMARY KEY (code, subject)
) STRICT, WITHOUT ROWID;

-- Conditions of which a target of messages was told; content: JSON of the condition as it was then.
CREATE TABLE told_conditions (
  target TEXT NOT NULL,
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  told_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (target, code, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_targets (
  target TEXT PRIMARY KEY,
  sent_at INTEGER,
  -- Since when messages to it fail, and why; null while they do not.
  failing_since INTEGER,
  reason TEXT
) STRICT;

-- Conditions about which no message is sent until a time. A row remains as the record of who wanted it.
CREATE TABLE silences (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  -- One subject and everything under it; null = all.
  subject TEXT,
  begun_at INTEGER NOT NULL,
  -- The user of the operating system.
  begun_by TEXT NOT NULL,
  until INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT
) STRICT;

CREATE TABLE invites (
  token_sha256 TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_by TEXT REFERENCES agents (kid)
) STRICT;

CREATE TABLE key_lists (
  version INTEGER PRIMARY KEY,
  -- What the list says apart from version and time. A new version is issued if this changes, at each start, and daily.
  content TEXT NOT NULL,
  jws TEXT NOT NULL
) STRICT;

CREATE TABLE packs (
  upload_id TEXT PRIMARY KEY,
  agent TEXT NOT NULL REFERENCES agents (kid),
  pack TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- JSON; null until every member has been settled.
  answer TEXT,
  UNIQUE (agent, pack)
) STRICT;
CREATE INDEX packs_by_time ON packs (created_at);
CREATE INDEX packs_under_way ON packs (created_at) WHERE answer IS NULL;

-- One row for each version of an instance: the same SOP Instance UID may have come with different bytes.
CREATE TABLE instances (
  id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  data_set_bytes INTEGER NOT NULL,
  data_set_sha256 TEXT NOT NULL,
  file TEXT NOT NULL UNIQUE,
  file_bytes INTEGER NOT NULL,
  -- Of the whole file, computed while it was written.
  file_sha256 TEXT NOT NULL,
  -- 'lost': the file was found gone, cut or changed. An agent that brings the instance again makes it 'whole'.
  file_state TEXT NOT NULL DEFAULT 'whole' CHECK (file_state IN ('whole', 'lost')),
  lost_at INTEGER,
  lost_reason TEXT,
  stored_at INTEGER NOT NULL,
  -- The agent whose instance it is: the first that brought it, or one that brought it later and owns its study.
  agent TEXT NOT NULL REFERENCES agents (kid),
  -- The envelope's: what the agent did to it.
  policy TEXT NOT NULL,
  -- Why it does not go to the PACS by itself; it stays noted after an operator has released it. 'conflict': the same agent
  -- brought another version of the SOP instance before. 'foreign': another agent brought its study, series or SOP instance
  -- first. 'unreadable': other programs may find other UIDs in it.
  hold TEXT CHECK (hold IN ('conflict', 'foreign', 'unreadable')),
  hold_reason TEXT,
  released_at INTEGER,
  -- The user of the operating system.
  released_by TEXT,
  -- 'none': no PACS is meant to have it. 'held': an operator must release it. 'unverified': the PACS says that it has this
  -- SOP instance, and its copy could not be compared.
  pacs_state TEXT NOT NULL
    CHECK (pacs_state IN ('none', 'waiting', 'held', 'accepted', 'refused', 'unverified')),
  -- How often a request that held it failed; after the first time it travels alone.
  pacs_attempts INTEGER NOT NULL DEFAULT 0,
  pacs_next_at INTEGER NOT NULL DEFAULT 0,
  pacs_reason TEXT,
  -- When pacs_state last became what it is.
  pacs_changed_at INTEGER NOT NULL DEFAULT 0,
  UNIQUE (sop_instance_uid, data_set_sha256, transfer_syntax_uid)
) STRICT;

CREATE INDEX instances_by_study ON instances (study_uid);
CREATE INDEX instances_by_time ON instances (stored_at);
CREATE INDEX held_instances ON instances (id) WHERE hold IS NOT NULL AND released_at IS NULL;
CREATE INDEX released_instances ON instances (released_at) WHERE released_at IS NOT NULL;
CREATE INDEX instances_for_the_pacs ON instances (pacs_next_at) WHERE pacs_state = 'waiting' AND file_state = 'whole';
-- What becomes of instances when pacs.policies changes is decided policy by policy. Accepted ones stay what they are.
CREATE INDEX instances_by_policy ON instances (pacs_state, policy) WHERE pacs_state <> 'accepted';
CREATE INDEX instances_refused_by_the_pacs ON instances (id) WHERE pacs_state = 'refused';
CREATE INDEX instances_held_from_the_pacs ON instances (id) WHERE pacs_state = 'held';
CREATE INDEX instances_unverified_at_the_pacs ON instances (id) WHERE pacs_state = 'unverified';

-- The agent that brought a study or a series first. What others add to it waits for an operator.
CREATE TABLE owners (
  -- Study or Series Instance UID.
  uid TEXT PRIMARY KEY,
  agent TEXT NOT NULL REFERENCES agents (kid),
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lost_instances ON instances (study_uid) WHERE file_state = 'lost';

-- Damaged files that are kept beside the new file of the same instance. Ferry never removes them.
CREATE TABLE damaged_files (
  file TEXT PRIMARY KEY,
  instance_id INTEGER NOT NULL REFERENCES instances (id),
  lost_at INTEGER NOT NULL,
  lost_reason TEXT NOT NULL
) STRICT;

-- Ids of the marker file in the folder of instances; the newest counts. 'accepted': an operator said that the folder is
-- right as it is; `instances` is how many the register listed then.
CREATE TABLE store_markers (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  how TEXT NOT NULL CHECK (how IN ('made', 'accepted')),
  adopted_at INTEGER NOT NULL,
  instances INTEGER NOT NULL
) STRICT;

-- How far the scrub of the stored files has come: one row.
CREATE TABLE scrub (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  started_at INTEGER,
  position INTEGER NOT NULL,
  checked INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  finished_at INTEGER,
  finished_checked INTEGER NOT NULL,
  finished_lost INTEGER NOT NULL
) STRICT;

-- Which agent brought which spool file. Several may have brought the same instance.
CREATE TABLE deliveries (
  agent TEXT NOT NULL REFERENCES agents (kid),
  ulid TEXT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id),
  sealed_bytes INTEGER NOT NULL,
  sealed_sha256 TEXT NOT NULL,
  delivered_at INTEGER NOT NULL,
  PRIMARY KEY (agent, ulid)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_instance ON deliveries (instance_id);

CREATE TABLE manifests (
  digest TEXT PRIMARY KEY,
  agent TEXT NOT NULL REFERENCES agents (kid),
  study_uid TEXT NOT NULL,
  version INTEGER NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  -- 'whole': follows one that is known. 'gap': its predecessor is not known here. 'fork': another of its version is.
  chain TEXT NOT NULL CHECK (chain IN ('whole', 'gap', 'fork')),
  jws TEXT NOT NULL,
  posted_at INTEGER NOT NULL
) STRICT;

CREATE INDEX manifests_by_study ON manifests (study_uid, agent, version, part);

-- Each names the digest of the one before it to the same agent.
CREATE TABLE receipts (
  agent TEXT NOT NULL REFERENCES agents (kid),
  counter INTEGER NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  manifest TEXT NOT NULL REFERENCES manifests (digest),
  jws TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  PRIMARY KEY (agent, counter)
) STRICT;

CREATE INDEX receipts_by_manifest ON receipts (manifest, counter);

-- Facts that only the running center knows, so that the status command of another process can say them.
CREATE TABLE notes (
  name TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  message TEXT NOT NULL
) STRICT;
