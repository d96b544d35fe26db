import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import { type Envelope, isDeidentified, TRAILER_BYTES } from '../../protocol/spool-file.ts'
import { studyKeyOf } from '../../protocol/study-key.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import { recordObserved } from './findings.ts'
import { type InstanceVersion, versionOf } from './instance-version.ts'
import type { SegmentEnd } from './segments/segment-log.ts'
import { numberOf, setMark } from './segments/segment-records.ts'
import type { Acceptance, SealedInstance } from './spool/sealed-instance.ts'
import type { ExpectedSpoolFile } from './spool/verify-spool-file.ts'
import type { DeliveryState } from './study-rows.ts'

/** Says if an instance, and with it its study, goes before others. */
export type HasPriority = (envelope: Pick<Envelope, 'callingAeTitle'>) => boolean

/** Rows of the spool's index: the instances in the spool, and the destinations for which they wait. */
export class InstanceIndex {
  readonly #database: Database
  readonly #clock: Clock
  readonly #destinations: readonly string[]
  readonly #hasPriority: HasPriority

  /** Every accepted instance is queued for each of `destinations`. */
  constructor(
    database: Database,
    clock: Clock,
    destinations: readonly string[],
    hasPriority: HasPriority = () => false,
  ) {
    this.#database = database
    this.#clock = clock
    this.#destinations = destinations
    this.#hasPriority = hasPriority
  }

  /**
   * Returns true if this SOP instance is in the spool (or was confirmed) in exactly this version, and its file is not
   * known to be bad.
   */
  holds(version: InstanceVersion): boolean {
    const here = this.#hereAlready(version)
    return here.some(({ isSame, isBad }) => isSame && !isBad)
  }

  /** Returns true if nothing of this SOP instance counts: no copy in this or another version, good or bad. */
  isNew(version: InstanceVersion): boolean {
    return this.#hereAlready(version).length === 0
  }

  /** Files of exactly this version that are still needed and not known to be bad. */
  copies({ sopInstanceUid, dataSetSha256, transferSyntaxUid }: InstanceVersion): ExpectedSpoolFile[] {
    return this.#database
      .all<{ ulid: Ulid; sealedBytes: number; sealedSha256: string }>(
        COPIES,
        sopInstanceUid,
        dataSetSha256,
        transferSyntaxUid,
      )
      .map(({ ulid, sealedBytes, sealedSha256 }) => ({
        ulid,
        bytes: sealedBytes + TRAILER_BYTES,
        sealedSha256,
      }))
  }

  /** The accepted instances of exactly this version that no newer copy has replaced. */
  ulidsOf({ sopInstanceUid, dataSetSha256, transferSyntaxUid }: InstanceVersion): Ulid[] {
    return this.#database
      .all<{ ulid: Ulid }>(ULIDS, sopInstanceUid, dataSetSha256, transferSyntaxUid)
      .map(({ ulid }) => ulid)
  }

  /** Counts that a device sent the same version again. */
  countRepeat({ sopInstanceUid, dataSetSha256, transferSyntaxUid }: InstanceVersion): void {
    this.#database.run(
      `UPDATE instance SET repeats = repeats + 1
       WHERE sop_instance_uid = ? AND data_set_sha256 = ? AND transfer_syntax_uid = ?`,
      sopInstanceUid,
      dataSetSha256,
      transferSyntaxUid,
    )
  }

  /**
   * Adds instances in one transaction and queues them; the results are in the same order. Only a crash of the machine
   * can undo it, and then the spool files bring the rows back.
   */
  insert(instances: readonly SealedInstance[]): Acceptance[] {
    return this.#insertAll(instances, UNSENT)
  }

  /**
   * {@link insert} of instances that {@link isNew} and of which the sealed bytes tell everything. No two are of one SOP
   * instance. `ends`: all instances of segments before these have rows then.
   */
  insertNew(instances: readonly SealedInstance[], ends: readonly SegmentEnd[] = []): void {
    this.#database.transaction(() => {
      for (const instance of instances) this.#insertRow(instance, false)
      if (instances.length > 0) this.#queue(instances, UNSENT)
      for (const end of ends) setMark(this.#database, end)
    })
  }

  /** Adds instances that may already be at the center: the center is asked before they are sent. */
  insertForgotten(instances: readonly SealedInstance[]): Acceptance[] {
    return this.#insertAll(instances, FORGOTTEN)
  }

  /**
   * Marks this instance, if it waits, as possibly at the center: the next manifest lists it, and it is sent if the
   * center lacks it.
   */
  askFirst(ulid: Ulid): void {
    const { state, code, reason } = FORGOTTEN
    this.#database.run(`${ASK_FIRST} AND ulid = ?`, state, this.#clock.now(), code, reason, ulid)
  }

  /** {@link askFirst} of at most `limit` instances after `last`, in the order of arrival; returns the last of them. */
  askFirstAfter(last: string, limit: number): Ulid | undefined {
    const { state, code, reason } = FORGOTTEN
    const end = this.#database
      .all<{ ulid: Ulid }>(UNCONFIRMED_AFTER, last, limit)
      .map(({ ulid }) => ulid)
      .at(-1)
    if (end === undefined) return undefined
    const range = [state, this.#clock.now(), code, reason, last, end]
    this.#database.run(`${ASK_FIRST} AND ulid > ? AND ulid <= ?`, ...range)
    return end
  }

  /** Drops all packs: their members are asked about first. */
  forgetPacks(): void {
    this.#database.run('DELETE FROM pack')
  }

  /** Instances that should have a file of their own, after `last`, in the order of arrival. */
  presentAfter(last: string, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(PRESENT_AFTER, last, limit).map(({ ulid }) => ulid)
  }

  #insertAll(instances: readonly SealedInstance[], first: FirstState): Acceptance[] {
    const work = (): Acceptance[] => {
      const outcomes = instances.map((instance) => this.#insertOne(instance))
      const added = instances.filter((_, i) => outcomes[i] !== 'known')
      this.#queue(added, first)
      for (const instance of added) recordObserved(this.#database, instance, this.#clock.now())
      return outcomes
    }
    // A row that a power cut removes is rebuilt from the file, which does not say that it is held.
    const isAnyHeld = instances.some(({ observed }) => observed?.hold !== undefined)
    return isAnyHeld ? this.#database.durably(work) : this.#database.transaction(work)
  }

  /** One statement for all deliveries and studies: a hundred thousand rows are rebuilt in half the time. */
  #queue(added: readonly SealedInstance[], { state, code, reason }: FirstState): void {
    const ulids = JSON.stringify(added.map(({ envelope }) => envelope.ulid))
    const urgent = added.flatMap(({ envelope }) =>
      this.#hasPriority(envelope) ? [studyKeyOf(envelope)] : [],
    )
    for (const destination of this.#destinations) {
      this.#database.run(INSERT_DELIVERIES, destination, state, this.#clock.now(), code, reason, ulids)
      this.#database.run(OPEN_STUDIES, destination, ulids)
      for (const study of new Set(urgent)) this.#database.run(GIVE_PRIORITY, destination, study)
    }
  }

  #insertOne(instance: SealedInstance): Acceptance {
    const { envelope, trailer } = instance
    const version = versionOf(envelope, trailer)
    const here = this.#hereAlready(version)
    if (here.some(({ isSame, isBad }) => isSame && !isBad)) {
      this.countRepeat(version)
      return 'known'
    }
    const [bad] = here.filter(({ isSame }) => isSame)
    const isConflict = bad === undefined ? here.length > 0 : bad.conflict === 1
    this.#insertRow(instance, isConflict)
    if (bad !== undefined) this.#supersede(bad.ulid, envelope.ulid)
    return bad !== undefined ? 'healed' : isConflict ? 'conflict' : 'new'
  }

  #insertRow({ envelope, trailer, place }: SealedInstance, isConflict: boolean): void {
    this.#database.run(
      INSERT_INSTANCE,
      envelope.ulid,
      Date.parse(envelope.arrivedAt),
      envelope.listener,
      envelope.callingAeTitle,
      envelope.sopClassUid,
      envelope.sopInstanceUid,
      studyKeyOf(envelope),
      envelope.seriesInstanceUid,
      envelope.transferSyntaxUid,
      trailer.dataSetBytes,
      trailer.dataSetSha256,
      trailer.sealedBytes,
      trailer.sealedSha256,
      isConflict ? 1 : 0,
      isDeidentified(envelope) ? 1 : 0,
      place === undefined ? null : numberOf(this.#database, place.segment),
      place?.offset ?? null,
    )
  }

  #hereAlready({ sopInstanceUid, dataSetSha256, transferSyntaxUid }: InstanceVersion): HereAlready[] {
    return this.#database.all<HereAlready>(
      HERE_ALREADY,
      dataSetSha256,
      transferSyntaxUid,
      sopInstanceUid,
      dataSetSha256,
      transferSyntaxUid,
    )
  }

  /** The new copy replaces one whose file is bad, at every destination that has not confirmed that one. */
  #supersede(bad: Ulid, by: Ulid): void {
    this.#database.run('UPDATE instance SET superseded_by = ? WHERE superseded_by = ?', by, bad)
    this.#database.run('UPDATE instance SET superseded_by = ? WHERE ulid = ?', by, bad)
    this.#database.run(
      "DELETE FROM delivery INDEXED BY delivery_unconfirmed WHERE ulid = ? AND state <> 'confirmed'",
      bad,
    )
  }
}

interface FirstState {
  state: DeliveryState
  code: string | null
  reason: string | null
}

const UNSENT: FirstState = { state: 'queued', code: null, reason: null }
const FORGOTTEN: FirstState = {
  state: 'delivered',
  code: 'INDEX_REBUILT',
  reason: 'the index was rebuilt: the center is asked first whether it has this',
}

/**
 * A copy of the same SOP instance. A copy sealed for another center does not count, unless it waits to be sent again.
 */
interface HereAlready {
  ulid: Ulid
  conflict: number
  /** 1: the same version. */
  isSame: number
  /** 1: its file is bad or was removed, and it is needed (again). */
  isBad: number
}

const HERE_ALREADY = `
  SELECT i.ulid, i.conflict, i.data_set_sha256 = ? AND i.transfer_syntax_uid = ? AS isSame,
    (i.damage IS NOT NULL OR i.removed_at IS NOT NULL) AND EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed
      WHERE d.ulid = i.ulid AND d.state <> 'confirmed') AS isBad
  FROM instance i WHERE i.sop_instance_uid = ? AND i.superseded_by IS NULL
    AND (i.center IS (SELECT center FROM own_center) OR (i.damage = 'OTHER_CENTER' AND i.data_set_sha256 = ? AND i.transfer_syntax_uid = ?))`
const ULIDS = `
  SELECT ulid FROM instance
  WHERE sop_instance_uid = ? AND data_set_sha256 = ? AND transfer_syntax_uid = ? AND superseded_by IS NULL`
const COPIES = `
  SELECT i.ulid, i.sealed_bytes AS sealedBytes, i.sealed_sha256 AS sealedSha256 FROM instance i
  WHERE i.sop_instance_uid = ? AND i.data_set_sha256 = ? AND i.transfer_syntax_uid = ?
    AND i.damage IS NULL AND i.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed
      WHERE d.ulid = i.ulid AND d.state <> 'confirmed')`
const PRESENT_AFTER = `
  SELECT ulid FROM instance INDEXED BY instance_present WHERE removed_at IS NULL AND segment IS NULL AND ulid > ?
  ORDER BY ulid LIMIT ?`
const UNCONFIRMED_AFTER = `
  SELECT ulid FROM delivery INDEXED BY delivery_unconfirmed WHERE state <> 'confirmed' AND ulid > ?
  ORDER BY ulid LIMIT ?`
const ASK_FIRST = `
  UPDATE delivery INDEXED BY delivery_unconfirmed SET state = ?, changed_at = ?, reason_code = ?, reason = ?
  WHERE state <> 'confirmed' AND state IN ('queued', 'sending')`
const INSERT_INSTANCE = `
  INSERT INTO instance (ulid, arrived_at, listener, calling_ae_title, sop_class_uid, sop_instance_uid,
    study_instance_uid, series_instance_uid, transfer_syntax_uid, data_set_bytes, data_set_sha256, sealed_bytes,
    sealed_sha256, conflict, is_deidentified, segment, "offset", center)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT center FROM own_center))`
const INSERT_DELIVERIES = `
  INSERT INTO delivery (ulid, destination, study_instance_uid, state, changed_at, reason_code, reason)
  SELECT ulid, ?, study_instance_uid, ?, ?, ?, ? FROM instance WHERE ulid IN (SELECT value FROM json_each(?))`
/** A late instance reopens its study; the next manifest lists it too. */
const OPEN_STUDIES = `
  INSERT INTO study (destination, study_instance_uid, state, first_arrived_at, last_arrived_at)
  SELECT ?, study_instance_uid, 'open', min(arrived_at), max(arrived_at) FROM instance
  WHERE ulid IN (SELECT value FROM json_each(?)) GROUP BY study_instance_uid
  ON CONFLICT DO UPDATE SET state = 'open', last_arrived_at = max(last_arrived_at, excluded.last_arrived_at),
    attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL, records_since = NULL`
const GIVE_PRIORITY = 'UPDATE study SET has_priority = 1 WHERE destination = ? AND study_instance_uid = ?'
