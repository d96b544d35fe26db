import type { OrderField, RecordForm } from '../../../config/order-settings.ts'
import { isUid } from '../../../dicom/vocabulary/uid.ts'
import { known } from '../known-values.ts'
import type { Order } from '../order.ts'
import { readDate, readTime } from './read-moment.ts'

/** A record as a system writes it: names and values, groups inside groups. */
export interface OrderRecord {
  readonly [name: string]: unknown
}

/** `invalid`: the fault, without patient data. */
export type ReadRecord =
  | { readonly order: Order; readonly isCancelled: boolean }
  | { readonly invalid: string }

/** A person's name has at most three groups of 64 characters. */
const LONGEST_VALUE = 256

/** Reads one record of a source. */
export function readOrderRecord(source: string, record: OrderRecord, form: RecordForm): ReadRecord {
  const value = (field: OrderField): string =>
    valueAt(record, form.fields[field] ?? field) || (form.defaults[field] ?? '')
  const [patientId, accessionNumber] = [value('patientId'), value('accessionNumber')]
  if (patientId === '' && accessionNumber === '') return { invalid: 'neither patientId nor accessionNumber' }
  const read = {
    birthDate: readDate(value('birthDate')),
    sex: readSex(value('sex')),
    scheduledAt: readTime(
      value('scheduledAt') || `${value('scheduledDate')} ${value('scheduledTime')}`.trim(),
    ),
  }
  for (const [field, result] of Object.entries(read))
    if (result === undefined) return { invalid: `${field} is in no known form` }
  const studyInstanceUid = value('studyInstanceUid')
  if (studyInstanceUid !== '' && !isUid(studyInstanceUid)) return { invalid: 'studyInstanceUid is not a UID' }
  const requestedProcedureId = value('requestedProcedureId')
  const order: Order = {
    source,
    key: value('key') || [accessionNumber, patientId, requestedProcedureId, studyInstanceUid].join('/'),
    patient: {
      name: value('patientName'),
      id: patientId,
      ...known({ issuer: value('issuer'), birthDate: read.birthDate }),
      ...(read.sex === 'M' || read.sex === 'F' || read.sex === 'O' ? { sex: read.sex } : {}),
    },
    ...known({
      accessionNumber,
      studyInstanceUid,
      requestedProcedureId,
      description: value('description'),
      modality: value('modality').toUpperCase(),
      stationAeTitle: value('stationAeTitle'),
      scheduledAt: read.scheduledAt,
      referringPhysician: value('referringPhysician'),
    }),
  }
  const status = value('status')
  return { order, isCancelled: status !== '' && form.cancelled.includes(status) }
}

/** The text at a place; empty if there is none. A name with dots in it is found as well. */
function valueAt(record: OrderRecord, place: string): string {
  const whole = Object.hasOwn(record, place)
    ? record[place]
    : place.split('.').reduce<unknown>(childOf, record)
  if (typeof whole !== 'string' && typeof whole !== 'number') return ''
  // Control characters would move a cursor or break a line of a log.
  return String(whole)
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_VALUE)
}

/** The value of that name in a group; undefined if the value is not a group, or has no such name of its own. */
export function childOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object has properties
  return (value as OrderRecord)[name]
}

/** GB/T 2261.1: 1 is male, 2 is female. */
const SEXES: Readonly<Record<'M' | 'F' | 'O' | '', readonly string[]>> = {
  M: ['m', 'male', '1', '男', '男性'],
  F: ['f', 'female', '2', '女', '女性'],
  O: ['o', 'other'],
  '': ['', 'u', 'n', '0', '9', '未知', '未说明', '不详'],
}

/** Empty for "not known", undefined for a word that means no sex. */
function readSex(text: string): 'M' | 'F' | 'O' | '' | undefined {
  const sexes = ['M', 'F', 'O', ''] as const
  return sexes.find((sex) => SEXES[sex].includes(text.toLowerCase()))
}
