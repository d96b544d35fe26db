import { isUid } from '../../../dicom/vocabulary/uid.ts'

/** Facts about a file that its sidecar, its name or a person tells. No text is empty. */
export interface PatientFacts {
  readonly patientId?: string
  readonly issuer?: string
  readonly patientName?: string
  /** The form of DA: YYYYMMDD. */
  readonly birthDate?: string
  readonly sex?: 'M' | 'F' | 'O'
  readonly accessionNumber?: string
  readonly studyInstanceUid?: string
  /** The form of DA. */
  readonly studyDate?: string
  readonly studyDescription?: string
}

/** Limits of the value representations: LO, PN, SH, DA, UI (PS3.5 Table 6.2-1). */
const LONGEST = {
  patientId: 64,
  issuer: 64,
  patientName: 64,
  accessionNumber: 16,
  studyDescription: 64,
} as const

/** A sign that replaces a lost character, or one that DICOM gives a meaning of its own. */
const DAMAGED = /[\uFFFD\\\p{Cc}]/u
const SEXES: ReadonlyMap<string, 'M' | 'F' | 'O'> = new Map([
  ['M', 'M'],
  ['MALE', 'M'],
  ['男', 'M'],
  ['F', 'F'],
  ['FEMALE', 'F'],
  ['女', 'F'],
  ['O', 'O'],
  ['OTHER', 'O'],
  ['其他', 'O'],
])

/**
 * Checks facts as they were written. An empty value counts as absent. Returns undefined if one of them cannot be what it is
 * said to be: then none is believed, because a damaged record may name another patient.
 */
export function factsFrom(values: Readonly<Record<string, string | undefined>>): PatientFacts | undefined {
  const value = (key: string): string | undefined => values[key]?.trim() || undefined
  const facts: Record<string, string> = {}
  for (const [key, longest] of Object.entries(LONGEST)) {
    const text = value(key)
    if (text === undefined) continue
    if (text.length > longest || DAMAGED.test(text)) return undefined
    facts[key] = text
  }
  for (const key of ['birthDate', 'studyDate'] as const) {
    const text = value(key)
    if (text === undefined) continue
    const date = dateOf(text)
    if (date === undefined) return undefined
    facts[key] = date
  }
  const [sex, uid] = [value('sex'), value('studyInstanceUid')]
  if (sex !== undefined) {
    const known = SEXES.get(sex.toUpperCase())
    if (known === undefined) return undefined
    facts['sex'] = known
  }
  if (uid !== undefined) {
    if (!isUid(uid)) return undefined
    facts['studyInstanceUid'] = uid
  }
  return facts
}

/** YYYYMMDD of a day that exists; undefined for another text. */
function dateOf(text: string): string | undefined {
  const [, year = '', month = '', day = ''] = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})$/.exec(text) ?? []
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  const isDay = year !== '' && date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)
  return isDay ? year + month + day : undefined
}
