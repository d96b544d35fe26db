import type { Database } from '../../../platform/sqlite.ts'

/** One part of a manifest and its receipt, as signed. */
export interface SignedPart {
  manifest: string
  receipt: string | null
}

/** The newest version of a study's manifest, and all parts that are kept, in the order of the chain. */
export interface Evidence {
  version: number
  parts: { version: number; part: number }[]
}

/** Returns undefined before the first manifest of a study. */
export function listEvidence(database: Database, destination: string, study: string): Evidence | undefined {
  const parts = database.all<Evidence['parts'][number]>(PARTS, destination, study)
  const newest = parts.at(-1)
  return newest && { version: newest.version, parts }
}

export function evidencePart(
  database: Database,
  destination: string,
  study: string,
  version: number,
  part: number,
): SignedPart | undefined {
  return database.get(PART, destination, study, version, part)
}

/** Parts of a version above the study's are not finished. */
const PARTS = `
  SELECT p.version, p.part FROM study s
  JOIN manifest p USING (destination, study_instance_uid)
  WHERE s.destination = ? AND s.study_instance_uid = ? AND p.version <= s.version ORDER BY p.version, p.part`
const PART = `
  SELECT jws AS manifest, receipt_jws AS receipt FROM manifest
  WHERE destination = ? AND study_instance_uid = ? AND version = ? AND part = ?`
