import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Acceptance, SealedInstance } from './acceptance.ts'

/** Rows of the spool's index: what is here, and for which destinations it waits. */
export class InstanceIndex {
  readonly #database: Database
  readonly #clock: Clock
  readonly #destinations: readonly string[]

  /** Every instance that is taken on is queued for each of `destinations`. */
  constructor(database: Database, clock: Clock, destinations: readonly string[]) {
    this.#database = database
    this.#clock = clock
    this.#destinations = destinations
  }

  /** True if this SOP instance is held (or was confirmed) with exactly these bytes. */
  holds(sopInstanceUid: string, dataSetSha256: string): boolean {
    return this.#database.get(SAME_BYTES, sopInstanceUid, dataSetSha256) !== undefined
  }

  /** Counts that a device sent the same bytes once more. */
  countRepeat(sopInstanceUid: string, dataSetSha256: string): void {
    this.#database.run(
      'UPDATE instance SET repeats = repeats + 1 WHERE sop_instance_uid = ? AND data_set_sha256 = ?',
      sopInstanceUid,
      dataSetSha256,
    )
  }

  /**
   * Adds instances in one transaction and queues them; the answer stands in the same order. Only the machine's death can
   * undo it, and then the spool files bring the rows back.
   */
  insert(instances: readonly SealedInstance[]): Acceptance[] {
    return this.#database.transaction(() => instances.map((instance) => this.#insertOne(instance)))
  }

  /** ULIDs of all instances whose file ought to be in the spool. */
  present(): Set<Ulid> {
    return new Set(
      this.#database
        .all<{ ulid: Ulid }>('SELECT ulid FROM instance WHERE removed_at IS NULL')
        .map((row) => row.ulid),
    )
  }

  #insertOne({ envelope, trailer }: SealedInstance): Acceptance {
    if (this.holds(envelope.sopInstanceUid, trailer.dataSetSha256)) {
      this.countRepeat(envelope.sopInstanceUid, trailer.dataSetSha256)
      return 'known'
    }
    const conflict = this.#database.get(SAME_UID, envelope.sopInstanceUid) !== undefined
    const arrivedAt = Date.parse(envelope.arrivedAt)
    this.#database.run(
      INSERT_INSTANCE,
      envelope.ulid,
      arrivedAt,
      envelope.listener,
      envelope.callingAeTitle,
      envelope.sopClassUid,
      envelope.sopInstanceUid,
      envelope.studyInstanceUid,
      envelope.seriesInstanceUid,
      envelope.transferSyntaxUid,
      trailer.dataSetBytes,
      trailer.dataSetSha256,
      trailer.sealedBytes,
      trailer.sealedSha256,
      conflict ? 1 : 0,
    )
    for (const destination of this.#destinations) {
      const { ulid, studyInstanceUid } = envelope
      this.#database.run(INSERT_DELIVERY, ulid, destination, studyInstanceUid, this.#clock.now())
      this.#database.run(OPEN_STUDY, destination, studyInstanceUid, arrivedAt, arrivedAt)
    }
    return conflict ? 'conflict' : 'new'
  }
}

const SAME_BYTES = 'SELECT 1 FROM instance WHERE sop_instance_uid = ? AND data_set_sha256 = ?'
const SAME_UID = 'SELECT 1 FROM instance WHERE sop_instance_uid = ?'
const INSERT_INSTANCE = `
  INSERT INTO instance (ulid, arrived_at, listener, calling_ae_title, sop_class_uid, sop_instance_uid,
    study_instance_uid, series_instance_uid, transfer_syntax_uid, data_set_bytes, data_set_sha256, sealed_bytes,
    sealed_sha256, conflict)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_DELIVERY = `
  INSERT INTO delivery (ulid, destination, study_instance_uid, state, changed_at) VALUES (?, ?, ?, 'queued', ?)`
/** A late instance reopens its study; the next manifest lists it too. */
const OPEN_STUDY = `
  INSERT INTO study (destination, study_instance_uid, state, first_arrived_at, last_arrived_at)
  VALUES (?, ?, 'open', ?, ?)
  ON CONFLICT DO UPDATE SET state = 'open', last_arrived_at = max(last_arrived_at, excluded.last_arrived_at),
    attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL`
