import type { Database } from '../../../platform/sqlite.ts'

/** A receipted part of a manifest that the PACS had not accepted when its receipt was signed. */
export interface OpenAtPacs {
  readonly studyInstanceUid: string
  readonly digest: string
  readonly receiptedAt: number
}

/** States at the PACS from receipts that may have changed since. */
export class PacsStates {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Lists the receipts of this agent's center after `last`, the newest first. */
  open(destination: string, limit: number, last?: OpenAtPacs): OpenAtPacs[] {
    const { receiptedAt, studyInstanceUid, digest } = last ?? FUTURE
    return this.#database.all(OPEN, destination, receiptedAt, studyInstanceUid, digest, limit)
  }

  /** Marks the receipts of these manifests as out of date: they are asked for again. */
  changed(destination: string, digests: readonly string[]): void {
    if (digests.length === 0) return
    const listed = JSON.stringify(digests)
    this.#database.transaction(() => {
      this.#database.run(MARK, destination, listed)
      this.#database.run(ASK, destination, destination, listed)
    })
  }
}

const FUTURE: OpenAtPacs = { receiptedAt: Number.MAX_SAFE_INTEGER, studyInstanceUid: '', digest: '' }
const OPEN = `
  SELECT m.study_instance_uid AS studyInstanceUid, m.digest, m.receipted_at AS receiptedAt
  FROM manifest m INDEXED BY manifest_open_at_pacs
  JOIN study s USING (destination, study_instance_uid)
  WHERE m.destination = ? AND m.receipted_at IS NOT NULL AND m.pacs <> 'accepted' AND m.forgotten_at IS NULL
    AND m.center IS (SELECT center FROM own_center) AND s.state = 'confirmed'
    AND (m.receipted_at, m.study_instance_uid, m.digest) < (?, ?, ?)
  ORDER BY m.receipted_at DESC, m.study_instance_uid DESC, m.digest DESC LIMIT ?`
const MARK = `
  UPDATE manifest SET pacs_changed = 1 WHERE destination = ? AND receipted_at IS NOT NULL AND pacs <> 'accepted'
    AND digest IN (SELECT value FROM json_each(?))`
const ASK = `
  UPDATE study SET next_attempt_at = 0, attempts = 0 WHERE destination = ? AND state = 'confirmed'
    AND study_instance_uid IN (SELECT m.study_instance_uid FROM manifest m INDEXED BY manifest_open_at_pacs
      WHERE m.destination = ? AND m.receipted_at IS NOT NULL AND m.pacs <> 'accepted'
        AND m.digest IN (SELECT value FROM json_each(?)))`
