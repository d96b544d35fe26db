const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** From the first to the last moment that a time may mean, in ms since 1970. */
export interface TimeSpan {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Reads the scheduled time of an order: a date alone means the whole day. Returns undefined if the text is not a time in
 * ISO 8601, or no such day exists.
 */
export function scheduledSpan(text: string): TimeSpan | undefined {
  const parts = FORM.exec(text.trim())
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)))
  const start = new Date(year, month - 1, day)
  if (start.getMonth() !== month - 1 || start.getDate() !== day) return undefined
  if (hour === undefined)
    return { fromMs: start.getTime(), toMs: new Date(year, month - 1, day + 1).getTime() - 1 }
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const zone = parts[7]
  const at =
    zone === undefined
      ? new Date(year, month - 1, day, hour, minute, second).getTime()
      : Date.UTC(year, month - 1, day, hour, minute, second) - zoneMs(zone)
  return { fromMs: at, toMs: at }
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
