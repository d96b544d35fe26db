import { setImmediate } from 'node:timers/promises'
import type { SopReference } from '../../../dicom/edit/commitment-data-set.ts'
import { LONGEST_WAIT_MS } from '../../../platform/backoff.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { Database } from '../../../platform/sqlite.ts'

/** References looked up between two turns of the event loop. */
const AT_ONCE = 500

interface CommitmentRequest {
  readonly callingAeTitle: string
  readonly calledAeTitle: string
  readonly peerAddress: string
  readonly transactionUid: string
  readonly references: readonly SopReference[]
}

/** A request that waits for its report. */
export interface OpenCommitment extends Omit<CommitmentRequest, 'references'> {
  readonly id: number
  readonly requestedAt: number
  readonly attempts: number
  /** Time since which a report is due and undelivered; null before the first attempt. */
  readonly dueSince: number | null
}

/** The state of one instance that a device asks about. */
export interface ReferenceState extends SopReference {
  readonly position: number
  /** Number of versions that are here, or were; copies without identity do not count. */
  readonly versions: number
  readonly ofOtherClass: number
  /** Number of versions under the center's checked receipt, for every destination. */
  readonly confirmed: number
}

/** Success, or the Failure Reason, by position. */
type Outcomes = readonly { readonly position: number; readonly outcome: number }[]

interface CommitmentRow {
  callingAeTitle: string
  peerAddress: string
  transactionUid: string
  requestedAt: number
  state: 'open' | 'reported' | 'abandoned'
  closedAt: number | null
  instances: number
  /** Number of instances under the center's receipt: as reported, or at this moment if nothing was reported yet. */
  committed: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string | null
  reason: string | null
}

/** Requests of devices for storage commitment. They survive restarts, because each is a promise to answer. */
export class Commitments {
  readonly #database: Database
  readonly #clock: Clock
  readonly #destinations: readonly string[]

  /** An instance is confirmed when each of `destinations` has confirmed it. */
  constructor(database: Database, clock: Clock, destinations: readonly string[]) {
    this.#database = database
    this.#clock = clock
    this.#destinations = destinations
  }

  /**
   * Stores a request, on the disk before this returns, and returns its number. A repeated request is the same request,
   * and is reported again. Returns undefined if the transaction's UID was used for other instances before.
   */
  record(request: CommitmentRequest): number | undefined {
    return this.#database.durably(() => {
      const { callingAeTitle, calledAeTitle, peerAddress, transactionUid, references } = request
      const known = this.#database.get<{ id: number }>(KNOWN, callingAeTitle, transactionUid)
      if (known !== undefined) {
        if (!this.#isSame(known.id, references)) return undefined
        this.#database.run(ASKED_AGAIN, calledAeTitle, peerAddress, this.#clock.now(), known.id)
        return known.id
      }
      const row = this.#database.get<{ id: number }>(
        INSERT,
        callingAeTitle,
        calledAeTitle,
        peerAddress,
        transactionUid,
        this.#clock.now(),
      )
      const id = row?.id ?? 0
      for (const [position, { sopClassUid, sopInstanceUid }] of references.entries())
        this.#database.run(INSERT_REFERENCE, id, position, sopClassUid, sopInstanceUid)
      return id
    })
  }

  /**
   * Requests that may be looked at now, the oldest first. A time beyond the longest wait was written by a clock that
   * has jumped.
   */
  due(): OpenCommitment[] {
    const now = this.#clock.now()
    return this.#database.all<OpenCommitment>(DUE, now, now + LONGEST_WAIT_MS)
  }

  /**
   * The state of each reference in the queue. There may be thousands, so they are read in slices, each when it is asked
   * for.
   */
  async *references(id: number): AsyncGenerator<ReferenceState> {
    for (let after = -1; ; ) {
      const some = this.#database.all<ReferenceState>(
        REFERENCES,
        JSON.stringify(this.#destinations),
        this.#destinations.length,
        id,
        after,
        AT_ONCE,
      )
      yield* some
      const end = some.at(-1)
      if (end === undefined) return
      after = end.position
      await setImmediate()
    }
  }

  /** Records that the report was not delivered. */
  postpone(id: number, failure: Failure, nextAttemptAt: number): void {
    const { code, message } = failure
    this.#database.run(POSTPONE, nextAttemptAt, this.#clock.now(), code, message, id)
  }

  /** Records that the device has the report. */
  reported(id: number, outcomes: Outcomes): void {
    this.#database.durably(() => {
      for (const { position, outcome } of outcomes) this.#database.run(OUTCOME, outcome, id, position)
      this.#database.run(REPORTED, this.#clock.now(), id)
    })
  }

  /** Gives up the report until a person or the device asks for it. */
  abandon(id: number): void {
    this.#database.durably(() => this.#database.run(ABANDON, this.#clock.now(), id))
  }

  /** Makes all unreported requests due at once, on an operator's request. */
  retry(): number {
    return this.#database.durably(() => this.#database.run(RETRY))
  }

  /**
   * Deletes one request closed before that time; returns true if there was one. It may have thousands of references.
   */
  forgetOne(closedBefore: number): boolean {
    return this.#database.run(FORGET_ONE, closedBefore) > 0
  }

  /** Open requests first, then the newest. */
  async list(limit: number): Promise<CommitmentRow[]> {
    const rows = this.#database.all<CommitmentRow & { id: number }>(LIST, limit, limit, limit)
    const listed: CommitmentRow[] = []
    for (const { id, ...row } of rows) {
      listed.push(row.state === 'reported' ? row : { ...row, committed: await this.#confirmed(id) })
      await setImmediate()
    }
    return listed
  }

  async #confirmed(id: number): Promise<number> {
    let confirmed = 0
    for await (const reference of this.references(id)) if (isConfirmed(reference)) confirmed++
    return confirmed
  }

  #isSame(id: number, references: readonly SopReference[]): boolean {
    const known = this.#database.all<SopReference>(PLAIN_REFERENCES, id)
    return wordsOf(known) === wordsOf(references)
  }
}

/** Returns equal text for the same references in any order. */
function wordsOf(references: readonly SopReference[]): string {
  const words = references.map(({ sopClassUid, sopInstanceUid }) => `${sopClassUid} ${sopInstanceUid}`)
  return words.toSorted().join('\n')
}

/** Returns true if all received versions are confirmed: the agent cannot know which of them the device still holds. */
export function isConfirmed({ versions, ofOtherClass, confirmed }: ReferenceState): boolean {
  return versions > 0 && ofOtherClass === 0 && confirmed === versions
}

const KNOWN = 'SELECT id FROM commitment WHERE calling_ae_title = ? AND transaction_uid = ?'
const INSERT = `
  INSERT INTO commitment (calling_ae_title, called_ae_title, peer_address, transaction_uid, requested_at, state)
  VALUES (?, ?, ?, ?, ?, 'open') RETURNING id`
const INSERT_REFERENCE = `
  INSERT INTO commitment_reference (commitment, position, sop_class_uid, sop_instance_uid) VALUES (?, ?, ?, ?)`
/** The waiting time restarts only if the previous request had ended. */
const ASKED_AGAIN = `
  UPDATE commitment SET called_ae_title = ?, peer_address = ?, requested_at = iif(state = 'open', requested_at, ?),
    state = 'open', closed_at = NULL, attempts = 0, due_since = NULL, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE id = ?`
const PLAIN_REFERENCES = `
  SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid FROM commitment_reference WHERE commitment = ?`
const DUE = `
  SELECT id, calling_ae_title AS callingAeTitle, called_ae_title AS calledAeTitle, peer_address AS peerAddress,
    transaction_uid AS transactionUid, requested_at AS requestedAt, attempts, due_since AS dueSince
  FROM commitment INDEXED BY commitment_open
  WHERE state = 'open' AND (next_attempt_at <= ? OR next_attempt_at > ?) ORDER BY id`
/** Confirmed means a confirmed delivery for every destination: missing rows prove nothing. */
const REFERENCES = `
  SELECT r.position, r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid,
    count(i.ulid) AS versions,
    coalesce(sum(i.sop_class_uid <> r.sop_class_uid), 0) AS ofOtherClass,
    coalesce(sum((SELECT count(*) FROM delivery d WHERE d.destination IN (SELECT value FROM json_each(?))
      AND d.ulid = i.ulid AND d.state = 'confirmed') = ?), 0) AS confirmed
  FROM commitment_reference r
  LEFT JOIN instance i ON i.sop_instance_uid = r.sop_instance_uid AND i.superseded_by IS NULL AND i.is_deidentified = 0
  WHERE r.commitment = ? AND r.position > ? GROUP BY r.position ORDER BY r.position LIMIT ?`
const POSTPONE = `
  UPDATE commitment SET attempts = attempts + 1, next_attempt_at = ?, due_since = coalesce(due_since, ?),
    reason_code = ?, reason = ?
  WHERE id = ?`
const OUTCOME = 'UPDATE commitment_reference SET outcome = ? WHERE commitment = ? AND position = ?'
const REPORTED = `
  UPDATE commitment SET state = 'reported', closed_at = ?, reason_code = NULL, reason = NULL WHERE id = ?`
const ABANDON = "UPDATE commitment SET state = 'abandoned', closed_at = ? WHERE id = ?"
const RETRY = `
  UPDATE commitment SET state = 'open', closed_at = NULL, attempts = 0, due_since = NULL, next_attempt_at = 0
  WHERE state <> 'reported'`
const FORGET_ONE = `
  DELETE FROM commitment WHERE id IN (
    SELECT id FROM commitment INDEXED BY commitment_closed WHERE closed_at IS NOT NULL AND closed_at < ? LIMIT 1)`
const OPEN = `SELECT * FROM commitment INDEXED BY commitment_open WHERE state = 'open' ORDER BY id DESC LIMIT ?`
const CLOSED = `SELECT * FROM commitment INDEXED BY commitment_closed WHERE closed_at IS NOT NULL ORDER BY closed_at DESC LIMIT ?`
const LIST = `
  SELECT c.id, calling_ae_title AS callingAeTitle, peer_address AS peerAddress, transaction_uid AS transactionUid,
    requested_at AS requestedAt, state, closed_at AS closedAt,
    (SELECT count(*) FROM commitment_reference r WHERE r.commitment = c.id) AS instances,
    (SELECT count(*) FROM commitment_reference r WHERE r.commitment = c.id AND r.outcome = 0) AS committed,
    attempts, next_attempt_at AS nextAttemptAt, reason_code AS reasonCode, reason
  FROM (SELECT * FROM (${OPEN}) UNION ALL SELECT * FROM (${CLOSED})) c
  ORDER BY state <> 'open', c.id DESC LIMIT ?`
