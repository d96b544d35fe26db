-- The index over the spool. Everything in `instance` and `delivery` up to 'delivered' can be derived again from the spool
-- files; manifests, receipts, confirmations and operator decisions cannot, and are committed with synchronous=FULL.
-- Times are ms since 1970. No patient attribute stands here.

CREATE TABLE instance (
  ulid TEXT PRIMARY KEY,
  arrived_at INTEGER NOT NULL,
  listener TEXT NOT NULL,
  calling_ae_title TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  series_instance_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  data_set_bytes INTEGER NOT NULL,
  data_set_sha256 TEXT NOT NULL,
  sealed_bytes INTEGER NOT NULL,
  sealed_sha256 TEXT NOT NULL,
  -- 1: the same SOP Instance UID had arrived before with other bytes; both are kept
  conflict INTEGER NOT NULL DEFAULT 0,
  -- how often the same bytes came again; each was answered Success and nothing was sent twice
  repeats INTEGER NOT NULL DEFAULT 0,
  -- the spool file was deleted, after confirmation and retention
  removed_at INTEGER
) STRICT;
CREATE INDEX instance_by_uid ON instance (sop_instance_uid);
CREATE INDEX instance_by_study ON instance (study_instance_uid);

CREATE TABLE delivery (
  ulid TEXT NOT NULL REFERENCES instance (ulid),
  destination TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'delivered', 'confirmed', 'held')),
  changed_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- queued: not before this time
  next_attempt_at INTEGER NOT NULL DEFAULT 0,
  -- why it waits or is held: a failure code and its sentence
  reason_code TEXT,
  reason TEXT,
  -- confirmed: the copy is kept from here on, by the time of retention
  kept_from INTEGER,
  -- confirmed: the part of a manifest on whose receipt this rests; kept by Studies, and taken back by a trigger
  receipt_version INTEGER,
  receipt_part INTEGER,
  PRIMARY KEY (ulid, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_waiting ON delivery (destination, state, next_attempt_at, ulid);
CREATE INDEX delivery_by_study ON delivery (destination, study_instance_uid, state, ulid);

CREATE INDEX delivery_by_receipt ON delivery (destination, study_instance_uid, receipt_version, receipt_part)
  WHERE receipt_version IS NOT NULL;

-- A pack's member list is written down before its first byte leaves, so that the same bytes can be offered again.
CREATE TABLE pack (
  pack TEXT PRIMARY KEY,
  destination TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  upload_url TEXT
) STRICT;
CREATE TABLE pack_member (
  pack TEXT NOT NULL REFERENCES pack (pack) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  ulid TEXT NOT NULL REFERENCES instance (ulid),
  bytes INTEGER NOT NULL,
  PRIMARY KEY (pack, position)
) STRICT, WITHOUT ROWID;
-- An instance whose record is deleted is looked up here.
CREATE INDEX pack_member_by_instance ON pack_member (ulid);

CREATE TABLE study (
  destination TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'confirmed')),
  first_arrived_at INTEGER NOT NULL,
  last_arrived_at INTEGER NOT NULL,
  -- the newest manifest; 0 = none yet
  version INTEGER NOT NULL DEFAULT 0,
  -- closed: asked for a receipt so often, the next time not before, and why it is not there yet
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL DEFAULT 0,
  reason_code TEXT,
  reason TEXT,
  PRIMARY KEY (destination, study_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_by_state ON study (destination, state, next_attempt_at);

-- With row numbers: a search in a table without them reads whole rows on its way, and these are large.
-- A version lists, in parts, what no receipt confirms yet. Parts of a version above the study's were not finished, and never
-- left. A part is kept as long as the confirmation of an instance rests on it.
CREATE TABLE manifest (
  destination TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  version INTEGER NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  digest TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  receipted_at INTEGER,
  -- the center no longer knows of the receipt that it gave: its register went back in time
  forgotten_at INTEGER,
  -- what the receipt says of the PACS behind the center: see PacsState
  pacs TEXT,
  -- when the receipt came that said so first
  pacs_at INTEGER,
  -- 1: the center says that the PACS has got further since; the receipt is asked for again
  pacs_changed INTEGER NOT NULL DEFAULT 0,
  -- the center that it is for; another one knows nothing of it
  center TEXT,
  -- both are large, and last: what stands before them is read without them
  jws TEXT NOT NULL,
  receipt_jws TEXT,
  PRIMARY KEY (destination, study_instance_uid, version, part)
) STRICT;
-- The state of a study at the PACS is that of all its parts.
CREATE INDEX manifest_by_pacs ON manifest (destination, study_instance_uid, pacs, pacs_changed, version, part, center, forgotten_at);
CREATE INDEX manifest_forgotten ON manifest (destination, study_instance_uid, version) WHERE forgotten_at IS NOT NULL;

-- The time by which confirmed copies are kept: what has passed by both clocks.
CREATE TABLE retention_time (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  elapsed_ms INTEGER NOT NULL,
  own_ms INTEGER NOT NULL,
  center_ms INTEGER
) STRICT;

-- Ends of the center's chain of receipts to this agent, each believed. Normally there is one. There are several while it is not
-- known whether they belong to one chain, and the center is asked.
CREATE TABLE receipt_end (
  destination TEXT NOT NULL,
  digest TEXT NOT NULL,
  counter INTEGER NOT NULL,
  PRIMARY KEY (destination, digest)
) STRICT, WITHOUT ROWID;

-- Why a destination is not being sent to just now; no row = all is well.
CREATE TABLE destination_trouble (
  destination TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  reason_code TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- Devices that came to the door: who was let in and who was not, with the last reason.
CREATE TABLE device_sighting (
  calling_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  called_ae_title TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  associations INTEGER NOT NULL DEFAULT 0,
  rejections INTEGER NOT NULL DEFAULT 0,
  last_rejection TEXT,
  PRIMARY KEY (calling_ae_title, peer_address)
) STRICT;

-- Things that a person must look at; cleared by `ferry retry` or by the cause going away.
CREATE TABLE alarm (
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (code, subject)
) STRICT;
