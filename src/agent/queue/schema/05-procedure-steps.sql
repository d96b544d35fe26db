-- What devices have announced by MPPS (PS3.4 Annex F.7), written durably before they are answered: which instances each step
-- has made, to be compared with what came. UIDs only, nothing of the patient.
CREATE TABLE procedure_step (
  id INTEGER PRIMARY KEY,
  calling_ae_title TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('inProgress', 'completed', 'discontinued')),
  modality TEXT,
  begun_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  -- when the device ended it
  ended_at INTEGER,
  -- when all that it announced had come
  complete_at INTEGER,
  -- 'raised': the alarm stands; 'putAway': a person has seen it
  alarm TEXT CHECK (alarm IN ('raised', 'putAway')),
  UNIQUE (calling_ae_title, sop_instance_uid)
) STRICT;
CREATE INDEX procedure_step_waiting ON procedure_step (ended_at) WHERE ended_at IS NOT NULL AND complete_at IS NULL;
CREATE INDEX procedure_step_listed ON procedure_step (complete_at IS NOT NULL, changed_at DESC);
CREATE INDEX procedure_step_by_change ON procedure_step (changed_at);
CREATE TABLE procedure_step_study (
  step INTEGER NOT NULL REFERENCES procedure_step (id) ON DELETE CASCADE,
  study_instance_uid TEXT NOT NULL,
  PRIMARY KEY (step, study_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX procedure_step_by_study ON procedure_step_study (study_instance_uid);
CREATE TABLE procedure_step_series (
  step INTEGER NOT NULL REFERENCES procedure_step (id) ON DELETE CASCADE,
  series_instance_uid TEXT NOT NULL,
  PRIMARY KEY (step, series_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE TABLE procedure_step_instance (
  step INTEGER NOT NULL REFERENCES procedure_step (id) ON DELETE CASCADE,
  series_instance_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  PRIMARY KEY (step, series_instance_uid, sop_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX procedure_step_by_instance ON procedure_step_instance (sop_instance_uid);
