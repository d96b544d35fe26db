import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/sqlite.ts'

/** A caller that a person has ignored; from any address if none is given. */
export interface IgnoredCaller {
  readonly callingAeTitle: string
  readonly peerAddress: string | undefined
}

/** The ignored callers, stored durably because a person decided it. */
export class IgnoredCallers {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  list(): IgnoredCaller[] {
    return this.#database
      .all<{ callingAeTitle: string; peerAddress: string }>(LIST)
      .map((row) => ({ ...row, peerAddress: row.peerAddress === '' ? undefined : row.peerAddress }))
  }

  add({ callingAeTitle, peerAddress = '' }: IgnoredCaller): void {
    const now = this.#clock.now()
    this.#database.durably(() => this.#database.run(ADD, callingAeTitle, peerAddress, now))
  }

  /** Returns how many there were; without an address it removes all with this AE title. */
  remove({ callingAeTitle, peerAddress }: IgnoredCaller): number {
    let removed = 0
    this.#database.durably(() => {
      removed =
        peerAddress === undefined
          ? this.#database.run(REMOVE, callingAeTitle)
          : this.#database.run(`${REMOVE} AND peer_address = ?`, callingAeTitle, peerAddress)
    })
    return removed
  }
}

const LIST = `
  SELECT calling_ae_title AS callingAeTitle, peer_address AS peerAddress FROM ignored_caller ORDER BY ignored_at`
const ADD = 'INSERT INTO ignored_caller VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const REMOVE = 'DELETE FROM ignored_caller WHERE calling_ae_title = ?'
