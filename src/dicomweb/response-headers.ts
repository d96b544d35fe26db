const LOCATION_CHARACTERS = 200

/** An address to show to a person: whole, without user, query and fragment, which may hold a secret. */
export function shownLocation(location: string | undefined, base: string): string | undefined {
  if (location === undefined || !URL.canParse(location, base)) return undefined
  const { protocol, host, pathname } = new URL(location, base)
  return `${protocol}//${host}${pathname}`.slice(0, LOCATION_CHARACTERS)
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3). Returns undefined for anything else. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
