import type { Database } from '../../platform/sqlite.ts'

/** The time of retention when it was last moved on, and both clocks at that moment (ms since 1970). */
interface RetentionTime {
  readonly elapsedMs: number
  readonly ownMs: number
  /** Null if the center had not answered. */
  readonly centerMs: number | null
}

/** Stores the time of retention, so that it survives restarts (settle/retention-clock.ts). */
export class RetentionTimes {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  last(): RetentionTime | undefined {
    return this.#database.get<RetentionTime>(
      'SELECT elapsed_ms AS elapsedMs, own_ms AS ownMs, center_ms AS centerMs FROM retention_time',
    )
  }

  /** If a power cut removes the record, the time goes back by the last minute, and copies are kept that much longer. */
  write({ elapsedMs, ownMs, centerMs }: RetentionTime): void {
    this.#database.transaction(() =>
      this.#database.run(
        `INSERT INTO retention_time (id, elapsed_ms, own_ms, center_ms) VALUES (1, ?, ?, ?)
         ON CONFLICT DO UPDATE SET elapsed_ms = excluded.elapsed_ms, own_ms = excluded.own_ms,
           center_ms = excluded.center_ms`,
        elapsedMs,
        ownMs,
        centerMs,
      ),
    )
  }
}
