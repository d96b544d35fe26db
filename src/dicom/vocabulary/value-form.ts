import { isUid } from './uid.ts'

/** Longest value in characters (PS3.5 Table 6.2-1), of VRs whose form is not stricter than that. */
const LENGTHS: Readonly<Record<string, number>> = {
  LO: 64,
  LT: 10_240,
  PN: 194,
  SH: 16,
  ST: 1024,
  UC: 1024,
  UR: 1024,
  UT: 1024,
}
/** VRs with several lines; in the others a line feed is not text. */
const SEVERAL_LINES: ReadonlySet<string> = new Set(['LT', 'ST', 'UT'])

const FORMS: Readonly<Record<string, RegExp>> = {
  AE: /^[\x20-\x5b\x5d-\x7e]{1,16}$/,
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9_ ]{1,16}$/,
  DA: /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/,
  DS: /^(?=.{1,16}$)[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/,
  DT: /^\d{4}(\d{2}){0,5}(\.\d{1,6})?([+-]\d{4})?$/,
  IS: /^[+-]?\d{1,11}$/,
  TM: /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?$/,
}

/** True for a VR whose values are written as text, one that {@link isValueOf} can judge. */
export function isWrittenAsText(vr: string): boolean {
  return vr === 'UI' || vr in FORMS || vr in LENGTHS
}

/** Returns whether an element of that VR may have the single value (PS3.5 §6.2); an empty one is always allowed. */
export function isValueOf(vr: string, value: string): boolean {
  if (value === '') return true
  if (vr === 'UI') return isUid(value)
  const form = FORMS[vr]
  if (form !== undefined) return form.test(value)
  const limit = LENGTHS[vr]
  if (limit === undefined || value.length > limit) return false
  return SEVERAL_LINES.has(vr) ? !/[^\P{Cc}\t\n\f\r]/u.test(value) : !/[\p{Cc}\\]/u.test(value)
}
