import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'

export interface Alarm {
  code: string
  subject: string
  message: string
  since: number
}

/** Alarms that operators see until their reason is gone or a person has looked at them. */
export class Alarms {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Raises an alarm until it is cleared; the same alarm again keeps the time of its first occurrence. */
  raise(code: string, subject: string, message: string): void {
    this.#database.durably(() => this.#database.run(RAISE, code, subject, message, this.#clock.now()))
  }

  clear(code: string, subject: string): void {
    this.#database.run('DELETE FROM alarm WHERE code = ? AND subject = ?', code, subject)
  }

  /** Clears all alarms of this code, because a person has looked at them. */
  putAway(code: string): void {
    this.#database.run('DELETE FROM alarm WHERE code = ?', code)
  }

  /** Raised alarms, and the alarms that exist as long as spool files are bad; the oldest first. */
  list(): Alarm[] {
    return this.#database.all<Alarm>(ALARMS)
  }
}

const RAISE = `
  INSERT INTO alarm VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET message = excluded.message`
/** One alarm for all files; each of them is shown as held, with the reason. */
const ALARMS = `
  SELECT code, subject, message, since FROM alarm
  UNION ALL
  SELECT i.damage, iif(i.damage LIKE 'SPOOL_%', 'spool', 'center'), format(CASE i.damage
    WHEN 'CENTER_LOST' THEN '%d that the center has lost and that were removed here, of %d studies: %s'
    WHEN 'OTHER_CENTER' THEN '%d sealed for another center and kept here, of %d studies: %s'
    WHEN 'AGE_NO_KEY' THEN '%d sealed to keys that the center does not have, of %d studies: %s'
    ELSE '%d accepted and not confirmed, of %d studies: send them again from the device' END,
    count(*), count(DISTINCT i.study_instance_uid), substr(group_concat(DISTINCT i.study_instance_uid), 1, 1300)),
    min(i.damaged_at)
  FROM instance i INDEXED BY instance_damaged WHERE i.damage IS NOT NULL AND i.superseded_by IS NULL
    AND EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed WHERE d.ulid = i.ulid AND d.state <> 'confirmed')
  GROUP BY i.damage
  UNION ALL
  SELECT 'SPOOL_FILE_INVALID', 'spool', format('%d kept and not sent, the first is %s', count(*), min(ulid)), min(since)
  FROM doubtful_file HAVING count(*) > 0
  ORDER BY since`
