import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/sqlite.ts'

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

/** Callers that asked for an association, with the reason for the last rejection. */
export class Sightings {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Records that a device asked for an association; `rejection` is the reason for its rejection, in words. */
  record(
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
  recordTurnedAway(callers: readonly NewSighting[]): void {
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

  list(): Sighting[] {
    return this.#database.all<Sighting>(SIGHTINGS)
  }
}

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
