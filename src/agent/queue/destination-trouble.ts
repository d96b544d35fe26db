import type { Clock } from '../../platform/clock.ts'
import type { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'

interface Trouble {
  destination: string
  since: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string
  reason: string
}

/** Records which destinations take nothing now, why, and when each is tried again. */
export class DestinationTrouble {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Records that nothing can be sent to a destination now; every delivery for it waits for this reason. */
  set(destination: string, failure: Failure, attempts: number, nextAttemptAt: number): void {
    const { code, message } = failure
    this.#database.run(SET_TROUBLE, destination, this.#clock.now(), attempts, nextAttemptAt, code, message)
  }

  clear(destination: string): void {
    this.#database.run('DELETE FROM destination_trouble WHERE destination = ?', destination)
  }

  of(destination: string): Trouble | undefined {
    return this.#database.get<Trouble>(TROUBLE, destination)
  }
}

const SET_TROUBLE = `
  INSERT INTO destination_trouble VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at,
    reason_code = excluded.reason_code, reason = excluded.reason`
const TROUBLE = `
  SELECT destination, since, attempts, next_attempt_at AS nextAttemptAt, reason_code AS reasonCode, reason
  FROM destination_trouble WHERE destination = ?`
