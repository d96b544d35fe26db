import { Failure } from '../../platform/failure.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { isInstanceUid } from '../vocabulary/uid.ts'
import { ServiceDataSet } from './service-data-set.ts'

/** Modality Performed Procedure Step (PS3.4 §F.7). */
export const PROCEDURE_STEP_SOP_CLASS_UID = '1.2.840.10008.3.1.2.3.3'

/** The values of Performed Procedure Step Status (PS3.3 §C.4.14). */
const STATES = {
  'IN PROGRESS': 'inProgress',
  COMPLETED: 'completed',
  DISCONTINUED: 'discontinued',
} as const

export type ProcedureStepState = (typeof STATES)[keyof typeof STATES]

/** A series that a device announces. */
export interface AnnouncedSeries {
  readonly seriesInstanceUid: string
  /** SOP Instance UIDs of its images and other objects, each once. */
  readonly sopInstanceUids: readonly string[]
}

/**
 * A device's report of its procedure step. Undefined means not mentioned, which keeps the earlier report. No field
 * names the patient.
 */
export interface ProcedureStepReport {
  /** `unknown`: mentioned, but none of the three defined ones. */
  readonly state: ProcedureStepState | 'unknown' | undefined
  readonly modality: string | undefined
  readonly studyInstanceUids: readonly string[] | undefined
  readonly series: readonly AnnouncedSeries[] | undefined
}

const TAGS = {
  Modality: TAG.Modality,
  ReferencedImageSequence: TAG.ReferencedImageSequence,
  ReferencedSopInstanceUid: TAG.ReferencedSOPInstanceUID,
  StudyInstanceUid: TAG.StudyInstanceUID,
  SeriesInstanceUid: TAG.SeriesInstanceUID,
  ReferencedNonImageSequence: TAG.ReferencedNonImageCompositeSOPInstanceSequence,
  PerformedProcedureStepStatus: TAG.PerformedProcedureStepStatus,
  ScheduledStepAttributesSequence: TAG.ScheduledStepAttributesSequence,
  PerformedSeriesSequence: TAG.PerformedSeriesSequence,
} as const satisfies Record<string, Tag>

/** Reads the Attribute List of N-CREATE or N-SET (PS3.4 Table F.7.2-1); throws DATA_SET_UNREADABLE for texts that are not UIDs. */
export function readProcedureStep(dataSet: Buffer, transferSyntaxUid: string): ProcedureStepReport {
  const said = ServiceDataSet.read(dataSet, transferSyntaxUid)
  const state = said.text(TAGS.PerformedProcedureStepStatus)
  return {
    state: state === '' ? undefined : isState(state) ? STATES[state] : 'unknown',
    modality: said.text(TAGS.Modality).slice(0, LONGEST_CODE) || undefined,
    studyInstanceUids: said.has(TAGS.ScheduledStepAttributesSequence) ? studiesOf(said) : undefined,
    series: said.has(TAGS.PerformedSeriesSequence) ? seriesOf(said) : undefined,
  }
}

/** Limit of a Code String (PS3.5 §6.2). */
const LONGEST_CODE = 16

const isState = (text: string): text is keyof typeof STATES => Object.hasOwn(STATES, text)

/** A step that was not scheduled, or that serves several requests, may name no study or the same one again. */
function studiesOf(said: ServiceDataSet): string[] {
  const uids = said
    .items(TAGS.ScheduledStepAttributesSequence)
    .map((item) => item.text(TAGS.StudyInstanceUid))
  return Array.from(new Set(uids.filter((uid) => uid !== '').map((uid) => checked(uid, 'a study'))))
}

/** A series that is mentioned twice counts once. */
function seriesOf(said: ServiceDataSet): AnnouncedSeries[] {
  const series = new Map<string, Set<string>>()
  for (const item of said.items(TAGS.PerformedSeriesSequence)) {
    const uid = checked(item.text(TAGS.SeriesInstanceUid), 'a series')
    const instances = series.get(uid) ?? new Set()
    for (const sequence of [TAGS.ReferencedImageSequence, TAGS.ReferencedNonImageSequence])
      for (const reference of item.items(sequence))
        instances.add(checked(reference.text(TAGS.ReferencedSopInstanceUid), 'an instance'))
    series.set(uid, instances)
  }
  return Array.from(series, ([seriesInstanceUid, instances]) => ({
    seriesInstanceUid,
    sopInstanceUids: Array.from(instances),
  }))
}

function checked(uid: string, what: string): string {
  if (isInstanceUid(uid)) return uid
  throw new Failure('DATA_SET_UNREADABLE', `reading a performed procedure step: ${what} has no usable UID`)
}
