import type { Database } from '../../../platform/sqlite.ts'
import type { MarkerRegister, ScrubProgress, ScrubRegister } from '../store-register.ts'

export class SqliteMarker implements MarkerRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async id(): Promise<string | undefined> {
    return this.#db.get<{ id: string }>('SELECT id FROM store_markers ORDER BY number DESC LIMIT 1')?.id
  }

  async adopt(id: string, how: 'made' | 'accepted', now: number): Promise<void> {
    this.#db.durably(() =>
      this.#db.run(
        `INSERT INTO store_markers (id, how, adopted_at, instances)
         VALUES (?, ?, ?, (SELECT coalesce(max(id), 0) FROM instances))`,
        id,
        how,
        now,
      ),
    )
  }
}

const NOT_BEGUN: ScrubProgress = {
  startedAt: null,
  position: 0,
  checked: 0,
  lost: 0,
  finishedAt: null,
  finishedChecked: 0,
  finishedLost: 0,
}

export class SqliteScrub implements ScrubRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async progress(): Promise<ScrubProgress> {
    const row = this.#db.get<ScrubProgress>(
      `SELECT started_at AS startedAt, position, checked, lost, finished_at AS finishedAt,
         finished_checked AS finishedChecked, finished_lost AS finishedLost FROM scrub`,
    )
    return row ?? NOT_BEGUN
  }

  async save(progress: ScrubProgress): Promise<void> {
    this.#db.run(
      `INSERT OR REPLACE INTO scrub (one, started_at, position, checked, lost, finished_at, finished_checked,
         finished_lost) VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
      progress.startedAt,
      progress.position,
      progress.checked,
      progress.lost,
      progress.finishedAt,
      progress.finishedChecked,
      progress.finishedLost,
    )
  }
}
