import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'

/** The result of a change of the center. */
export interface CenterChange {
  /** Number of waiting instances that are sealed for another center. */
  held: number
  /**
   * Number of instances that were held for that reason and are for this center after all, because the agent came back
   * to it.
   */
  released: number
}

const NO_CHANGE: CenterChange = { held: 0, released: 0 }

/**
 * Remembers the center for which instances are sealed. If an agent joins another center (with another root key),
 * instances sealed for the old one stay in the spool: the new center cannot open them, so they are held and never sent,
 * and the same bytes from the device are accepted again.
 */
export class OwnCenter {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Seals instances for this center from now on; `center` is its root key's fingerprint. */
  take(center: string): CenterChange {
    const before = this.#database.get<{ center: string }>('SELECT center FROM own_center')?.center
    if (before === center) return NO_CHANGE
    return this.#database.durably(() => {
      this.#database.run('DELETE FROM own_center')
      this.#database.run('INSERT INTO own_center VALUES (?)', center)
      return before === undefined ? this.#adopt(center) : this.#change(center)
    })
  }

  /** The index is new, or has never recorded a center: everything in it counts as sealed for this one. */
  #adopt(center: string): CenterChange {
    this.#database.run('UPDATE instance SET center = ? WHERE center IS NULL', center)
    this.#database.run('UPDATE manifest SET center = ? WHERE center IS NULL', center)
    return NO_CHANGE
  }

  #change(center: string): CenterChange {
    const now = this.#clock.now()
    const held = this.#database.run(MARK, now, center)
    this.#database.run(HOLD, now)
    const released = this.#database.run(RELEASE, now, center)
    this.#database.run(UNMARK, center)
    // Their manifests list instances that the new center never had, and running packs are formed again for it.
    this.#database.run("UPDATE study SET state = 'open' WHERE state = 'closed'")
    this.#database.run('UPDATE study SET pacs_waiting = 0 WHERE pacs_waiting = 1')
    this.#database.run(WAIT_FOR_THE_PACS, center)
    this.#database.run(REQUEUE, now)
    this.#database.run('DELETE FROM pack')
    return { held, released }
  }
}

const MARK = `
  UPDATE instance AS i SET damaged_at = ?, damage = 'OTHER_CENTER'
  WHERE i.center IS NOT ? AND i.damage IS NULL AND i.superseded_by IS NULL AND i.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed
      WHERE d.ulid = i.ulid AND d.state <> 'confirmed')`
/** An instance that a check holds keeps that reason. */
const HOLD = `
  UPDATE delivery INDEXED BY delivery_unconfirmed SET state = 'held', changed_at = ?, reason_code = 'OTHER_CENTER',
    reason = 'it is sealed for the center that this agent belonged to before; this one cannot open it'
  WHERE state <> 'confirmed' AND reason_code IS NOT 'CHECK_HELD'
    AND ulid IN (SELECT ulid FROM instance WHERE damage = 'OTHER_CENTER' AND superseded_by IS NULL)`
const RELEASE = `
  UPDATE delivery INDEXED BY delivery_unconfirmed
  SET state = 'queued', changed_at = ?, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE state <> 'confirmed' AND state = 'held' AND reason_code = 'OTHER_CENTER'
    AND ulid IN (SELECT ulid FROM instance WHERE center = ? AND damage = 'OTHER_CENTER' AND superseded_by IS NULL)`
const UNMARK = `
  UPDATE instance SET damaged_at = NULL, damage = NULL
  WHERE center = ? AND damage = 'OTHER_CENTER' AND superseded_by IS NULL`
/** This center was asked about the PACS before the agent left it. */
const WAIT_FOR_THE_PACS = `
  UPDATE study SET pacs_waiting = 1 WHERE EXISTS (
    SELECT 1 FROM manifest m WHERE m.destination = study.destination
      AND m.study_instance_uid = study.study_instance_uid AND m.forgotten_at IS NULL
      AND (m.pacs IN ('waiting', 'held') OR m.pacs_changed = 1) AND m.center = ?)`
const REQUEUE = `
  UPDATE delivery INDEXED BY delivery_unconfirmed SET state = 'queued', changed_at = ?
  WHERE state <> 'confirmed' AND state = 'sending'`
