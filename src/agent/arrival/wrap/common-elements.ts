import type { Patient } from '../../orders/order.ts'
import { DataSetDraft } from './data-set-draft.ts'
import { deriveUid } from './derive-uid.ts'
import { describing, identifying } from './element-value.ts'
import type { SeriesFacts, WrapFacts } from './wrap-facts.ts'

/** Series of one study and folder: files of one kind of object share one. */
const SERIES = {
  image: 1,
  deepImage: 2,
  video: 3,
  frames: 4,
  pdf: 5,
  cda: 6,
  stl: 7,
} as const

type SeriesKind = keyof typeof SERIES

interface InstanceNames {
  readonly sopClassUid: string
  readonly modality: string
  readonly series: SeriesKind
  /** Counts the pages of one file from 0. */
  readonly page: number
}

/** Returns the SOP Instance UID of a page of a file: it follows from the bytes of the file, the study and the SOP class. */
export function instanceUidOf(facts: WrapFacts, sopClassUid: string, page: number): string {
  const { uidSecret, sha256, study } = facts
  return deriveUid(uidSecret, 'instance', sha256, study.studyInstanceUid, sopClassUid, String(page))
}

/**
 * Begins the data set of an instance with the modules that all of them share: Patient, General Study, General Series,
 * General Equipment, SOP Common (PS3.3 §C.7.1, C.7.2, C.7.3, C.7.5, C.12.1). Attributes of type 2 are present, if empty.
 */
export function beginDataSet(facts: WrapFacts, names: InstanceNames): DataSetDraft {
  const { study, series } = facts
  const draft = new DataSetDraft()
    .text('SpecificCharacterSet', 'ISO_IR 192')
    .text('SOPClassUID', names.sopClassUid)
    .text('SOPInstanceUID', instanceUidOf(facts, names.sopClassUid, names.page))
    .text('StudyInstanceUID', study.studyInstanceUid)
    .text('StudyDate', study.date)
    .text('StudyTime', study.time ?? '')
    .text('StudyID', describing('SH', study.id ?? ''))
    .text('AccessionNumber', identifying('the accession number', study.accessionNumber ?? ''))
    .text('ReferringPhysicianName', describing('PN', study.referringPhysician ?? ''))
    .text('Modality', names.modality)
    .text('SeriesInstanceUID', seriesUidOf(facts, names.series))
    .text('SeriesNumber', String(SERIES[names.series]))
    .text('InstanceNumber', String(instanceNumberOf(facts.modifiedAt, names.page)))
    .text('Manufacturer', describing('LO', series.manufacturer ?? ''))
  if (study.description) draft.text('StudyDescription', describing('LO', study.description))
  setPatient(draft, facts.patient)
  setDevice(draft, series)
  return setContentTime(draft, facts.modifiedAt)
}

function setPatient(draft: DataSetDraft, { name, id, issuer, birthDate, sex }: Patient): void {
  draft
    .text('PatientName', identifying('the name of the patient', name))
    .text('PatientID', identifying('the patient ID', id))
    .text('PatientBirthDate', identifying('the date of birth', birthDate ?? ''))
    .text('PatientSex', sex ?? '')
  if (issuer) draft.text('IssuerOfPatientID', identifying('the issuer of the patient ID', issuer))
}

function setDevice(draft: DataSetDraft, { description, institution, stationName, model }: SeriesFacts): void {
  if (description) draft.text('SeriesDescription', describing('LO', description))
  if (institution) draft.text('InstitutionName', describing('LO', institution))
  if (stationName) draft.text('StationName', describing('SH', stationName))
  if (model) draft.text('ManufacturerModelName', describing('LO', model))
}

function setContentTime(draft: DataSetDraft, modifiedAt: number): DataSetDraft {
  const [date, time] = dateAndTime(modifiedAt)
  return draft
    .text('ContentDate', date)
    .text('ContentTime', time)
    .text('AcquisitionDateTime', date + time)
}

function seriesUidOf({ uidSecret, study, series }: WrapFacts, kind: SeriesKind): string {
  return deriveUid(uidSecret, 'series', study.studyInstanceUid, series.folder, kind)
}

/** The time of day to the millisecond as a number, so that instances are in order of time: 143205123 at 14:32:05.123. */
function instanceNumberOf(modifiedAt: number, page: number): number {
  return Number(dateAndTime(modifiedAt)[1].replace('.', '')) + page
}

/** Local date and time in the forms of DA and TM. */
function dateAndTime(atMs: number): [date: string, time: string] {
  const at = new Date(atMs)
  const date = digits(at.getFullYear(), 4) + digits(at.getMonth() + 1, 2) + digits(at.getDate(), 2)
  const time = digits(at.getHours(), 2) + digits(at.getMinutes(), 2) + digits(at.getSeconds(), 2)
  return [date, `${time}.${digits(at.getMilliseconds(), 3)}`]
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
