/** 20261201, 202612010830, 20261201083000.123+0800, 20261201 08:30 */
const COMPACT =
  /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/
/** 2026-12-01, 2026/12/1 8:30, 2026年12月1日 08:30:00, 2026-12-01T00:30:00.000Z */
const SEPARATED =
  /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/
const EPOCH_MS = /^\d{13}$/

/** Returns YYYYMMDD; empty for an empty text, undefined for one that is not a date. */
export function readDate(text: string): string | undefined {
  return text === '' ? '' : partsOf(text)?.day.replaceAll('-', '')
}

/** Returns ISO 8601: a date, or a date and a time; empty for an empty text, undefined for one that is neither. */
export function readTime(text: string): string | undefined {
  if (text === '') return ''
  if (EPOCH_MS.test(text)) return new Date(Number(text)).toISOString()
  const parts = partsOf(text)
  return parts && (parts.time === undefined ? parts.day : `${parts.day}T${parts.time}`)
}

function partsOf(text: string): { day: string; time: string | undefined } | undefined {
  const found = COMPACT.exec(text) ?? SEPARATED.exec(text)
  if (found === null) return undefined
  const [, year = '', month = '', day = '', hour, minute = '00', second = '00', zone = ''] = found
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  if (Number(year) < 1800 || date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day))
    return undefined
  const whole = `${year}-${two(month)}-${two(day)}`
  if (hour === undefined) return { day: whole, time: undefined }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return { day: whole, time: `${two(hour)}:${minute}:${second}${zone}` }
}

const two = (part: string): string => part.padStart(2, '0')
