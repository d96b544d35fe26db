import type { Clock } from '../../platform/clock.ts'
import type { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'

export interface Trouble {
  destination: string
  since: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string
  reason: string
}

export interface Sighting {
  callingAeTitle: string
  calledAeTitle: string
  peerAddress: string
  firstSeenAt: number
  lastSeenAt: number
  associations: number
  rejections: number
  lastRejection: string | null
}

/** A caller that got no association, possibly several times since the last record. */
export interface NewSighting {
  readonly callingAeTitle: string
  /** Undefined if the caller named no called AE title. */
  readonly calledAeTitle: string | undefined
  readonly peerAddress: string
  /** Why, in words. */
  readonly rejection: string
  readonly at: number
  readonly times: number
}

export interface Alarm {
  code: string
  subject: string
  message: string
  since: number
}

/** Further things that operators see: destinations in trouble, devices that called, alarms. */
export class WatchPoints {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Records that nothing can be sent to a destination now; every delivery for it waits for this reason. */
  setTrouble(destination: string, failure: Failure, attempts: number, nextAttemptAt: number): void {
    const { code, message } = failure
    this.#database.run(SET_TROUBLE, destination, this.#clock.now(), attempts, nextAttemptAt, code, message)
  }

  clearTrouble(destination: string): void {
    this.#database.run('DELETE FROM destination_trouble WHERE destination = ?', destination)
  }

  trouble(destination: string): Trouble | undefined {
    return this.#database.get<Trouble>(TROUBLE, destination)
  }

  /** Records that a device asked for an association; `rejection` is the reason for its rejection, in words. */
  sight(
    device: { callingAeTitle: string; calledAeTitle: string; peerAddress: string },
    rejection?: string,
  ): void {
    const [now, no] = [this.#clock.now(), rejection === undefined ? 0 : 1]
    const { callingAeTitle, calledAeTitle, peerAddress } = device
    const counted = [1 - no, no, rejection ?? null] as const
    this.#database.transaction(() => {
      this.#database.run(SIGHT, callingAeTitle, peerAddress, calledAeTitle, now, now, ...counted)
      this.#database.run(FORGET_OLDEST)
    })
  }

  /** Records in one go callers that were turned away before the handlers decided. */
  sightTurnedAway(callers: readonly NewSighting[]): void {
    this.#database.transaction(() => {
      for (const { callingAeTitle, calledAeTitle, peerAddress, rejection, at, times } of callers) {
        const counted = [0, times, rejection, calledAeTitle ?? null] as const
        this.#database.run(TURNED_AWAY, callingAeTitle, peerAddress, calledAeTitle ?? '', at, at, ...counted)
      }
      this.#database.run(FORGET_OLDEST)
      this.#database.run(FORGET_NAMELESS)
    })
  }

  /** Hides a caller until it calls again; the count of its instances is kept. */
  forget(callingAeTitle: string, peerAddress: string): void {
    this.#database.run(FORGET, callingAeTitle, peerAddress)
  }

  sightings(): Sighting[] {
    return this.#database.all<Sighting>(SIGHTINGS)
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
  alarms(): Alarm[] {
    return this.#database.all<Alarm>(ALARMS)
  }
}

const SET_TROUBLE = `
  INSERT INTO destination_trouble VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at,
    reason_code = excluded.reason_code, reason = excluded.reason`
const TROUBLE = `
  SELECT destination, since, attempts, next_attempt_at AS nextAttemptAt, reason_code AS reasonCode, reason
  FROM destination_trouble WHERE destination = ?`
const SIGHT = `
  INSERT INTO device_sighting VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET called_ae_title = excluded.called_ae_title, last_seen_at = excluded.last_seen_at,
    associations = associations + excluded.associations, rejections = rejections + excluded.rejections,
    last_rejection = excluded.last_rejection`
/** A caller without a called AE title keeps the one of its earlier call. */
const TURNED_AWAY = `
  INSERT INTO device_sighting VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET called_ae_title = coalesce(?, called_ae_title), last_seen_at = excluded.last_seen_at,
    rejections = rejections + excluded.rejections, last_rejection = excluded.last_rejection`
const FORGET = 'DELETE FROM device_sighting WHERE calling_ae_title = ? AND peer_address = ?'
/** Callers without a name are mostly port scans. */
const FORGET_NAMELESS = `
  DELETE FROM device_sighting WHERE calling_ae_title = '' AND peer_address IN (
    SELECT peer_address FROM device_sighting WHERE calling_ae_title = '' ORDER BY last_seen_at DESC LIMIT -1 OFFSET 100)`
/** A stranger who tries many names must neither fill the disk nor displace devices that have sent instances. */
const FORGET_OLDEST = `
  DELETE FROM device_sighting WHERE (calling_ae_title, peer_address) IN (
    SELECT calling_ae_title, peer_address FROM device_sighting sighting WHERE NOT EXISTS (
      SELECT 1 FROM device_record r WHERE r.calling_ae_title = sighting.calling_ae_title
        AND r.peer_address = sighting.peer_address AND r.instances > 0)
    ORDER BY last_seen_at DESC LIMIT -1 OFFSET 1000)`
const SIGHTINGS = `
  SELECT calling_ae_title AS callingAeTitle, called_ae_title AS calledAeTitle, peer_address AS peerAddress,
    first_seen_at AS firstSeenAt, last_seen_at AS lastSeenAt, associations, rejections, last_rejection AS lastRejection
  FROM device_sighting ORDER BY last_seen_at DESC`
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
