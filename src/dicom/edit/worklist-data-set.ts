import { encodingOf } from '../read/element-header.ts'
import { readText } from '../text/text.ts'
import { attributeOf } from '../vocabulary/attribute.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { ElementList } from './data-set-tree.ts'
import { ServiceDataSet } from './service-data-set.ts'

/** Modality Worklist Information Model – FIND (PS3.4 §K.6). */
export const WORKLIST_SOP_CLASS_UID = '1.2.840.10008.5.1.4.31'

/** Keys to match; undefined matches anything. */
interface WorklistQuery {
  readonly stationAeTitle?: string | undefined
  readonly modality?: string | undefined
  /** YYYYMMDD, both included. */
  readonly fromDate: string
  readonly toDate: string
}

/** Return keys outside the sequence (PS3.4 Table K.6-1). */
const WORKLIST_KEYS = {
  accessionNumber: TAG.AccessionNumber,
  referringPhysician: TAG.ReferringPhysicianName,
  patientName: TAG.PatientName,
  patientId: TAG.PatientID,
  issuer: TAG.IssuerOfPatientID,
  birthDate: TAG.PatientBirthDate,
  sex: TAG.PatientSex,
  studyInstanceUid: TAG.StudyInstanceUID,
  requestedProcedureDescription: TAG.RequestedProcedureDescription,
  requestedProcedureId: TAG.RequestedProcedureID,
} as const satisfies Record<string, Tag>

/** Keys in the items of Scheduled Procedure Step Sequence. */
const STEP_KEYS = {
  modality: TAG.Modality,
  stationAeTitle: TAG.ScheduledStationAETitle,
  startDate: TAG.ScheduledProcedureStepStartDate,
  startTime: TAG.ScheduledProcedureStepStartTime,
  stepDescription: TAG.ScheduledProcedureStepDescription,
  stepId: TAG.ScheduledProcedureStepID,
} as const satisfies Record<string, Tag>

/** The values of one scheduled procedure step; empty where the worklist has none. */
export type WorklistEntry = Readonly<Record<keyof typeof WORKLIST_KEYS | keyof typeof STEP_KEYS, string>>

/** Writes the identifier of C-FIND: the keys to match, and all return keys without a value. */
export function writeWorklistQuery(query: WorklistQuery, transferSyntaxUid: string): Buffer {
  const { stationAeTitle = '', modality = '', fromDate, toDate } = query
  const dates = fromDate === toDate ? fromDate : `${fromDate}-${toDate}`
  const matched: Partial<Record<keyof typeof STEP_KEYS, string>> = {
    modality,
    stationAeTitle,
    startDate: dates,
  }
  const list = new ElementList(encodingOf(transferSyntax(transferSyntaxUid)))
  for (const tag of Object.values(WORKLIST_KEYS)) setKey(list, tag, '')
  list.setSequence(TAG.ScheduledProcedureStepSequence, [
    (item) => {
      for (const [key, tag] of Object.entries(STEP_KEYS))
        setKey(item, tag, Object.entries(matched).find(([name]) => name === key)?.[1] ?? '')
    },
  ])
  return Buffer.concat(list.write())
}

/**
 * Reads one answer: an entry for each scheduled step in it. `writtenIn`: the character set of an answer that declares none.
 * Throws DATA_SET_UNREADABLE.
 */
export function readWorklistAnswer(
  dataSet: Buffer,
  transferSyntaxUid: string,
  writtenIn: string | undefined,
): WorklistEntry[] {
  const answer = ServiceDataSet.read(dataSet, transferSyntaxUid)
  const declared = answer.value(TAG.SpecificCharacterSet).toString('latin1').trim()
  const characterSet = declared === '' ? (writtenIn ?? '') : declared
  const read = <Key extends string>(from: ServiceDataSet, keys: Record<Key, Tag>): Record<Key, string> => {
    const entries = Object.entries<Tag>(keys).map(([key, tag]) => {
      const { text } = readText(from.value(tag), characterSet, vrOf(tag))
      return [key, text.trim()]
    })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each key
    return Object.fromEntries(entries) as Record<Key, string>
  }
  const shared = read(answer, WORKLIST_KEYS)
  return answer
    .items(TAG.ScheduledProcedureStepSequence)
    .map((step) => ({ ...shared, ...read(step, STEP_KEYS) }))
}

function setKey(list: ElementList, tag: Tag, value: string): void {
  list.set(tag, vrOf(tag), Buffer.from(value, 'latin1'))
}

const vrOf = (tag: Tag): string => attributeOf(tag)?.vrs[0] ?? 'LO'
