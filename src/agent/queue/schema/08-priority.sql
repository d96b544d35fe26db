-- 1: an instance of the study came from a device of `send.priority`: it goes before all others.
ALTER TABLE study ADD COLUMN has_priority INTEGER NOT NULL DEFAULT 0;
CREATE INDEX study_with_priority ON study (destination, state, next_attempt_at, study_instance_uid) WHERE has_priority = 1;
