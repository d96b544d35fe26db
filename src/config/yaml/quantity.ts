const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SIZE_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
}
const BIT_RATE_BYTES: Readonly<Record<string, number>> = {
  'kbit/s': 125,
  'mbit/s': 125_000,
  'gbit/s': 125_000_000,
}

/** Parses `250ms`, `60s`, `10m`, `2h`, `7d` to ms. A unit is required: bare numbers are misread too often. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_MS)
}

/** `16MiB` (1024 based) or `16MB` (1000 based), in whole bytes. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_BYTES)
}

/** Parses `20Mbit/s`, as lines are sold, or `2MiB/s` to bytes a second. */
export function parseRate(text: string): number | undefined {
  return (
    parseQuantity(text, BIT_RATE_BYTES) ?? (/\/s$/i.test(text) ? parseSize(text.slice(0, -2)) : undefined)
  )
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z/]+)$/i.exec(text)
  const unit = units[match?.[2]?.toLowerCase() ?? '']
  return unit === undefined ? undefined : Math.round(Number(match?.[1]) * unit)
}
