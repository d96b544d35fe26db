import { LONGEST_WAIT_MS } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { PackHeader } from '../../protocol/pack.ts'
import { TRAILER_BYTES } from '../../protocol/spool-file.ts'
import { newUlid, type Ulid } from '../../protocol/ulid.ts'

/** A pack whose member list is stored; `uploadUrl` is set once the center has created its upload. */
export interface PackRecord {
  header: PackHeader
  uploadUrl: string | undefined
  /** Its study goes before others. */
  hasPriority: boolean
}

/** Which study the next pack is formed of. */
export type PackChoice = 'priority' | 'newest' | 'oldest'

export interface PackLimits {
  /** A pack is closed before it would exceed this; a larger instance is sent alone. */
  bytes: number
  members: number
}

/** The result of one member, as far as the queue needs it. */
export interface MemberOutcome {
  ulid: string
  /** 'again': try once more from `nextAttemptAt`, ms since 1970. 'held': an operator must act. */
  outcome: 'delivered' | 'again' | 'held'
  failure?: Failure
  nextAttemptAt?: number
}

/** Packs: sets of instances that are sent together, stored before their first byte is sent. */
export class Packs {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /**
   * Forms the next pack: as much as fits of one study. By `choice` it is one that has priority, the one whose instance
   * came last, or the one whose instance has waited longest. Its members become 'sending'. Returns undefined if nothing
   * is due outside the studies of `except`.
   */
  formNext(
    destination: string,
    limits: PackLimits,
    except: readonly string[] = [],
    choice: PackChoice = 'oldest',
  ): PackRecord | undefined {
    return this.#database.transaction(() => {
      const now = this.#clock.now()
      const first = this.#choose(choice, destination, now, JSON.stringify(except))
      if (first === undefined) return undefined
      const due = this.#database.all<{ ulid: Ulid; sealed: number }>(
        DUE,
        destination,
        first.study,
        now,
        now + LONGEST_WAIT_MS,
        limits.members,
      )
      const members = within(
        limits.bytes,
        due.map(({ ulid, sealed }) => ({ ulid, bytes: sealed + TRAILER_BYTES })),
      )
      const pack = newUlid(now)
      this.#database.run(
        'INSERT INTO pack (pack, destination, study_instance_uid) VALUES (?, ?, ?)',
        pack,
        destination,
        first.study,
      )
      for (const [position, { ulid, bytes }] of members.entries()) {
        this.#database.run('INSERT INTO pack_member VALUES (?, ?, ?, ?)', pack, position, ulid, bytes)
        this.#database.run(SENDING, now, destination, ulid)
      }
      const header = { pack, study: first.study, members }
      return { header, uploadUrl: undefined, hasPriority: this.#hasPriority(destination, first.study) }
    })
  }

  /** Packs that were being sent when the agent stopped; they are offered again as the same bytes. */
  unfinished(destination: string): PackRecord[] {
    const rows = this.#database.all<{ pack: Ulid; study: string; url: string | null }>(
      UNFINISHED,
      destination,
    )
    return rows.map(({ pack, study, url }) => ({
      header: { pack, study, members: this.#database.all(MEMBERS, pack) },
      uploadUrl: url ?? undefined,
      hasPriority: this.#hasPriority(destination, study),
    }))
  }

  #hasPriority(destination: string, study: string): boolean {
    return this.#database.get(HAS_PRIORITY, destination, study) !== undefined
  }

  #choose(
    choice: PackChoice,
    destination: string,
    now: number,
    except: string,
  ): { study: string } | undefined {
    if (choice === 'priority')
      return this.#database.get(FIRST_WITH_PRIORITY, destination, now, now + LONGEST_WAIT_MS, except)
    const newest =
      choice === 'newest' ? this.#database.get<{ study: string }>(NEWEST, destination, except) : undefined
    return newest ?? this.#oldestDue(destination, now, except)
  }

  /** Returns false for a pack that was given up because its instances are for another center. */
  isKnown(pack: string): boolean {
    return this.#database.get('SELECT 1 FROM pack WHERE pack = ?', pack) !== undefined
  }

  recordUpload(pack: string, uploadUrl: string | undefined): void {
    this.#database.run('UPDATE pack SET upload_url = ? WHERE pack = ?', uploadUrl ?? null, pack)
  }

  /**
   * Records that the pack could not be sent: its members wait, each with the reason and the next time (ms since 1970).
   */
  postpone(destination: string, pack: string, failure: Failure, nextAttemptAt: number): void {
    this.#database.run(POSTPONE, nextAttemptAt, failure.code, failure.message, destination, pack)
  }

  /** Ends a pack with the result of each member. Only an operator ends holding, so it is committed durably. */
  settle(destination: string, pack: string, outcomes: readonly MemberOutcome[]): void {
    const work = (): void => {
      for (const outcome of outcomes) this.#settleMember(destination, outcome)
      this.#database.run('DELETE FROM pack WHERE pack = ?', pack)
    }
    if (outcomes.some(({ outcome }) => outcome === 'held')) this.#database.durably(work)
    else this.#database.transaction(work)
  }

  /** A delivery is due if its time has come, or if its time was set by a clock that has jumped back since. */
  #oldestDue(destination: string, now: number, except: string): { study: string } | undefined {
    return (
      this.#database.get(OLDEST('<= ?'), destination, now, except) ??
      this.#database.get(OLDEST('> ?'), destination, now + LONGEST_WAIT_MS, except)
    )
  }

  #settleMember(destination: string, { ulid, outcome, failure, nextAttemptAt }: MemberOutcome): void {
    const now = this.#clock.now()
    const [code, reason] = [failure?.code ?? null, failure?.message ?? null]
    if (outcome === 'delivered') {
      this.#database.run(DELIVERED, now, destination, ulid)
      this.#database.run(WHOLE_AFTER_ALL, ulid)
    } else if (outcome === 'held') {
      this.#database.run(HELD, now, code, reason, destination, ulid)
      if (code !== null && UNSENDABLE.has(code)) this.#database.run(DAMAGED, now, code, ulid)
    } else this.#database.run(AGAIN, now, nextAttemptAt ?? 0, code, reason, destination, ulid)
  }
}

function within(limit: number, members: { ulid: Ulid; bytes: number }[]): { ulid: Ulid; bytes: number }[] {
  let bytes = 0
  const end = members.findIndex((member, i) => {
    bytes += member.bytes
    return i > 0 && bytes > limit
  })
  return end === -1 ? members : members.slice(0, end)
}

const OLDEST = (when: string): string => `
  SELECT study_instance_uid AS study FROM delivery INDEXED BY delivery_waiting
  WHERE destination = ? AND state = 'queued' AND next_attempt_at ${when}
    AND study_instance_uid NOT IN (SELECT value FROM json_each(?))
  ORDER BY next_attempt_at, ulid LIMIT 1`
/** Instances that were never tried: the index has them in the order of arrival. */
const NEWEST = `
  SELECT study_instance_uid AS study FROM delivery INDEXED BY delivery_waiting
  WHERE destination = ? AND state = 'queued' AND next_attempt_at = 0
    AND study_instance_uid NOT IN (SELECT value FROM json_each(?))
  ORDER BY ulid DESC LIMIT 1`
/** Few studies have priority and are open at once. Among them the oldest goes first. */
const FIRST_WITH_PRIORITY = `
  SELECT s.study_instance_uid AS study FROM study s INDEXED BY study_with_priority
  CROSS JOIN delivery d INDEXED BY delivery_by_study
    ON d.destination = s.destination AND d.study_instance_uid = s.study_instance_uid AND d.state = 'queued'
  WHERE s.destination = ? AND s.has_priority = 1 AND s.state = 'open'
    AND (d.next_attempt_at <= ? OR d.next_attempt_at > ?)
    AND s.study_instance_uid NOT IN (SELECT value FROM json_each(?))
  ORDER BY d.ulid LIMIT 1`
const HAS_PRIORITY = `
  SELECT 1 FROM study WHERE destination = ? AND study_instance_uid = ? AND has_priority = 1`
const DUE = `
  SELECT d.ulid, i.sealed_bytes AS sealed FROM delivery d JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.study_instance_uid = ? AND d.state = 'queued'
    AND (d.next_attempt_at <= ? OR d.next_attempt_at > ?)
  ORDER BY d.ulid LIMIT ?`
const SENDING = `
  UPDATE delivery SET state = 'sending', changed_at = ?, attempts = attempts + 1 WHERE destination = ? AND ulid = ?`
const UNFINISHED = `
  SELECT pack, study_instance_uid AS study, upload_url AS url FROM pack WHERE destination = ? ORDER BY pack`
const MEMBERS = 'SELECT ulid, bytes FROM pack_member WHERE pack = ? ORDER BY position'
const POSTPONE = `
  UPDATE delivery SET next_attempt_at = ?, reason_code = ?, reason = ?, attempts = attempts + 1
  WHERE destination = ? AND state = 'sending' AND ulid IN (SELECT ulid FROM pack_member WHERE pack = ?)`
const DELIVERED = `
  UPDATE delivery SET state = 'delivered', changed_at = ?, reason_code = NULL, reason = NULL
  WHERE destination = ? AND ulid = ? AND state = 'sending'`
const HELD = `
  UPDATE delivery SET state = 'held', changed_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND ulid = ? AND state = 'sending'`
/** Its file is bad, or the center cannot open it. */
const UNSENDABLE: ReadonlySet<string> = new Set(['SPOOL_FILE_DAMAGED', 'SPOOL_FILE_MISSING', 'AGE_NO_KEY'])
/** If the device sends the same bytes again, they replace it from now on. */
const DAMAGED = 'UPDATE instance SET damaged_at = ?, damage = ? WHERE ulid = ? AND damage IS NULL'
/** For example a file that was restored by hand: the center has verified every byte of it. */
const WHOLE_AFTER_ALL =
  'UPDATE instance SET damaged_at = NULL, damage = NULL WHERE ulid = ? AND damage IS NOT NULL'
const AGAIN = `
  UPDATE delivery SET state = 'queued', changed_at = ?, next_attempt_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND ulid = ? AND state = 'sending'`
