/** Returns a local date as YYYY-MM-DD, some days after the given moment (ms since 1970) or before it. */
export function localDay(atMs: number, plusDays: number): string {
  const at = new Date(atMs)
  // At noon no change of the clocks can move the date.
  const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() + plusDays, 12)
  return [day.getFullYear(), two(day.getMonth() + 1), two(day.getDate())].join('-')
}

const two = (value: number): string => String(value).padStart(2, '0')
