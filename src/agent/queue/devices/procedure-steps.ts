import type {
  AnnouncedSeries,
  ProcedureStepReport,
  ProcedureStepState,
} from '../../../dicom/edit/procedure-step-data-set.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/sqlite.ts'

export interface StepRow {
  readonly id: number
  readonly callingAeTitle: string
  readonly sopInstanceUid: string
  readonly state: ProcedureStepState
  readonly modality: string | null
  readonly begunAt: number
  readonly changedAt: number
  readonly endedAt: number | null
  /** The time when everything announced had arrived. */
  readonly completeAt: number | null
  readonly alarm: 'raised' | 'putAway' | null
}

/** One instance that a step announces, and whether any version of it arrived under this UID. */
interface AnnouncedInstance {
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
  readonly isHere: 0 | 1
}

/** The parts of the device's report that are kept. */
interface SaidOfStep extends Omit<ProcedureStepReport, 'state'> {
  readonly state: ProcedureStepState | undefined
}

/** Announcements of devices by MPPS. They cannot be derived from anything else, and are lost with the index. */
export class ProcedureSteps {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Stores a new step, on the disk before this returns; returns false if the device already has one with this UID. */
  create(callingAeTitle: string, sopInstanceUid: string, said: SaidOfStep): boolean {
    const now = this.#clock.now()
    return this.#database.durably(() => {
      if (this.state(callingAeTitle, sopInstanceUid) !== undefined) return false
      const row = this.#database.get<{ id: number }>(INSERT, callingAeTitle, sopInstanceUid, now, now)
      this.#set(row?.id ?? 0, said)
      return true
    })
  }

  /** Undefined for a step that the device has not created. */
  state(callingAeTitle: string, sopInstanceUid: string): ProcedureStepState | undefined {
    return this.#known(callingAeTitle, sopInstanceUid)?.state
  }

  /** Replaces the earlier report of the device, on the disk before this returns. */
  set(callingAeTitle: string, sopInstanceUid: string, said: SaidOfStep): void {
    this.#database.durably(() => {
      const known = this.#known(callingAeTitle, sopInstanceUid)
      if (known !== undefined) this.#set(known.id, said)
    })
  }

  /** Incomplete steps first, then the newest. */
  list(limit: number): StepRow[] {
    return this.#database.all<StepRow>(
      `${ROWS} ORDER BY complete_at IS NOT NULL, changed_at DESC LIMIT ?`,
      limit,
    )
  }

  /** Steps that name the study, and steps that name an instance of it: some devices omit the study. */
  ofStudy(studyInstanceUid: string): StepRow[] {
    return this.#database.all<StepRow>(OF_STUDY, studyInstanceUid, studyInstanceUid)
  }

  /** Steps that the device ended and that were incomplete at the last look. */
  waiting(): StepRow[] {
    return this.#database.all<StepRow>(
      `${ROWS} INDEXED BY procedure_step_waiting WHERE ended_at IS NOT NULL AND complete_at IS NULL ORDER BY ended_at`,
    )
  }

  /** The studies that the step names, and the studies in which its instances arrived. */
  studies(id: number): string[] {
    return this.#database.all<{ uid: string }>(STUDIES, id, id).map(({ uid }) => uid)
  }

  /**
   * The announced series, including those without instances, and how many instances arrived in each; only copies with
   * identity count.
   */
  series(id: number): { seriesInstanceUid: string; came: number }[] {
    return this.#database.all(SERIES, id)
  }

  instances(id: number): AnnouncedInstance[] {
    return this.#database.all<AnnouncedInstance>(INSTANCES, id)
  }

  /** Returns true if an instance arrived under any of these UIDs. */
  hasAny(sopInstanceUids: readonly string[]): boolean {
    return this.#database.get(HAS_ANY, JSON.stringify(sopInstanceUids)) !== undefined
  }

  complete(id: number): void {
    this.#database.run(
      'UPDATE procedure_step SET complete_at = ?, alarm = NULL WHERE id = ?',
      this.#clock.now(),
      id,
    )
  }

  raised(id: number): void {
    this.#database.run("UPDATE procedure_step SET alarm = 'raised' WHERE id = ?", id)
  }

  /** Clears all alarms about steps, because a person has looked at them. */
  putAway(): void {
    this.#database.run("UPDATE procedure_step SET alarm = 'putAway' WHERE alarm = 'raised'")
  }

  /**
   * Deletes one step that no device has changed since that time; returns true if there was one. It may name thousands
   * of instances.
   */
  forgetOne(changedBefore: number): boolean {
    return this.#database.run(FORGET_ONE, changedBefore) > 0
  }

  #known(
    callingAeTitle: string,
    sopInstanceUid: string,
  ): { id: number; state: ProcedureStepState } | undefined {
    return this.#database.get(KNOWN, callingAeTitle, sopInstanceUid)
  }

  #set(id: number, { state, modality, studyInstanceUids, series }: SaidOfStep): void {
    const now = this.#clock.now()
    const endedAt = state === 'completed' || state === 'discontinued' ? now : null
    this.#database.run(SET, state ?? null, modality ?? null, now, endedAt, id)
    if (studyInstanceUids !== undefined) this.#replaceStudies(id, studyInstanceUids)
    if (series !== undefined) this.#replaceSeries(id, series)
  }

  #replaceStudies(id: number, studyInstanceUids: readonly string[]): void {
    this.#database.run('DELETE FROM procedure_step_study WHERE step = ?', id)
    for (const uid of studyInstanceUids)
      this.#database.run('INSERT INTO procedure_step_study VALUES (?, ?)', id, uid)
  }

  #replaceSeries(id: number, series: readonly AnnouncedSeries[]): void {
    this.#database.run('DELETE FROM procedure_step_series WHERE step = ?', id)
    this.#database.run('DELETE FROM procedure_step_instance WHERE step = ?', id)
    for (const { seriesInstanceUid, sopInstanceUids } of series) {
      this.#database.run('INSERT INTO procedure_step_series VALUES (?, ?)', id, seriesInstanceUid)
      for (const uid of sopInstanceUids)
        this.#database.run('INSERT INTO procedure_step_instance VALUES (?, ?, ?)', id, seriesInstanceUid, uid)
    }
  }
}

const FORGET_ONE = `
  DELETE FROM procedure_step WHERE id IN (SELECT id FROM procedure_step WHERE changed_at < ? LIMIT 1)`
const KNOWN = 'SELECT id, state FROM procedure_step WHERE calling_ae_title = ? AND sop_instance_uid = ?'
const INSERT = `
  INSERT INTO procedure_step (calling_ae_title, sop_instance_uid, state, begun_at, changed_at)
  VALUES (?, ?, 'inProgress', ?, ?) RETURNING id`
const SET = `
  UPDATE procedure_step SET state = coalesce(?, state), modality = coalesce(?, modality), changed_at = ?, ended_at = ?
  WHERE id = ?`
const ROWS = `
  SELECT id, calling_ae_title AS callingAeTitle, sop_instance_uid AS sopInstanceUid, state, modality, begun_at AS begunAt,
    changed_at AS changedAt, ended_at AS endedAt, complete_at AS completeAt, alarm
  FROM procedure_step`
const OF_STUDY = `
  ${ROWS} WHERE id IN (
    SELECT step FROM procedure_step_study WHERE study_instance_uid = ?
    UNION SELECT p.step FROM instance i JOIN procedure_step_instance p USING (sop_instance_uid)
      WHERE i.study_instance_uid = ? AND i.is_deidentified = 0)
  ORDER BY id`
const STUDIES = `
  SELECT study_instance_uid AS uid FROM procedure_step_study WHERE step = ?
  UNION SELECT i.study_instance_uid FROM procedure_step_instance p JOIN instance i USING (sop_instance_uid)
    WHERE p.step = ? AND i.is_deidentified = 0`
const HERE = 'FROM instance i WHERE i.superseded_by IS NULL'
const INSTANCES = `
  SELECT p.series_instance_uid AS seriesInstanceUid, p.sop_instance_uid AS sopInstanceUid,
    EXISTS (SELECT 1 ${HERE} AND i.sop_instance_uid = p.sop_instance_uid) AS isHere
  FROM procedure_step_instance p WHERE p.step = ?`
const HAS_ANY = `
  SELECT 1 AS found FROM json_each(?) asked
  WHERE EXISTS (SELECT 1 ${HERE} AND i.sop_instance_uid = asked.value) LIMIT 1`
/** Uses the index of studies: there is none of series. */
const SERIES = `
  SELECT s.series_instance_uid AS seriesInstanceUid,
    (SELECT count(DISTINCT i.sop_instance_uid) ${HERE} AND i.is_deidentified = 0
      AND i.study_instance_uid IN (SELECT study_instance_uid FROM procedure_step_study WHERE step = s.step)
      AND i.series_instance_uid = s.series_instance_uid) AS came
  FROM procedure_step_series s WHERE s.step = ? ORDER BY 1`
