import { remembering } from '../../../dicom/vocabulary/remembering.ts'

const DAY_MS = 86_400_000

/**
 * Returns a DA or DT value moved back by `days` (PS3.5 §6.2); its time of day and offset stay, so that intervals stay
 * too. Values may be separated by backslashes, be ranges, or have the old form yyyy.mm.dd. Returns undefined for a text
 * that is not a date: it must not stay. A date without day or month cannot be shifted by days: the middle of its
 * possible range is shifted, and cut to the same precision.
 */
export function shiftDates(text: string, days: number): string | undefined {
  return SHIFTED(days)(text)
}

/** The slices of a study have the same dates. */
const SHIFTED = remembering(64, (days: number) =>
  remembering(1000, (text: string): string | undefined => {
    const shifted = text.split('\\').map((value) => shiftRange(value, days))
    return shifted.includes(undefined) ? undefined : shifted.join('\\')
  }),
)

function shiftRange(value: string, days: number): string | undefined {
  const trimmed = value.trim()
  if (trimmed === '') return ''
  const single = shiftDate(trimmed, days)
  if (single !== undefined) return single
  const ends = /^(\d{4,14}|\d{4}\.\d{2}\.\d{2})?-(\d{4,14}|\d{4}\.\d{2}\.\d{2})?$/.exec(trimmed)
  if (ends === null) return undefined
  const [, from, to] = ends
  const [first, last] = [from, to].map((end) => (end === undefined ? '' : shiftDate(end, days)))
  return first === undefined || last === undefined ? undefined : `${first}-${last}`
}

function shiftDate(value: string, days: number): string | undefined {
  const dotted = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(value)
  if (dotted !== null)
    return shiftDate(dotted.slice(1).join(''), days)?.replace(/^(....)(..)(..)$/, '$1.$2.$3')
  const parts = /^(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?$/.exec(value)
  if (parts === null) return undefined
  const [, year = '', month, day, time = '', offset = ''] = parts
  if (day === undefined && time !== '') return undefined
  const at = Date.UTC(
    Number(year),
    month === undefined ? 6 : Number(month) - 1,
    day === undefined ? 15 : Number(day),
  )
  if (day !== undefined && !isSame(at, Number(year), Number(month), Number(day))) return undefined
  const digits = new Date(at - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  return digits.slice(0, 4 + (month?.length ?? 0) + (day?.length ?? 0)) + time + offset
}

/** The 31st of February would become another day. */
function isSame(at: number, year: number, month: number, day: number): boolean {
  const date = new Date(at)
  return date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month && date.getUTCDate() === day
}

/** Caps an AS value at `090Y` if it is above 89 years (45 CFR 164.514(b)(2)(i)(C)). */
export function capAge(text: string): string {
  const years = /^(\d{3})Y$/.exec(text.trim())
  return years !== null && Number(years[1]) > 89 ? '090Y' : text
}
