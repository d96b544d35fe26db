/** The filters of a row (PNG §9.2). */
const FILTER = { none: 0, sub: 1, up: 2, average: 3, paeth: 4 } as const

/**
 * Undoes the filter of a row of a PNG in place, from the row above. Returns false for an unknown filter. Each filter has a
 * loop of its own, since a call for each byte would take most of the time.
 *
 * @param pixelBytes distance to the sample on the left
 */
export function unfilterRow(filter: number, row: Buffer, above: Buffer, pixelBytes: number): boolean {
  if (filter === FILTER.sub) {
    for (let x = pixelBytes; x < row.length; x++) row[x] = byteAt(row, x) + byteAt(row, x - pixelBytes)
  } else if (filter === FILTER.up) {
    for (let x = 0; x < row.length; x++) row[x] = byteAt(row, x) + byteAt(above, x)
  } else if (filter === FILTER.average) {
    for (let x = 0; x < row.length; x++) {
      const left = x < pixelBytes ? 0 : byteAt(row, x - pixelBytes)
      row[x] = byteAt(row, x) + ((left + byteAt(above, x)) >> 1)
    }
  } else if (filter === FILTER.paeth) unfilterPaeth(row, above, pixelBytes)
  else return filter === FILTER.none
  return true
}

function unfilterPaeth(row: Buffer, above: Buffer, pixelBytes: number): void {
  for (let x = 0; x < row.length; x++) {
    const left = x < pixelBytes ? 0 : byteAt(row, x - pixelBytes)
    const corner = x < pixelBytes ? 0 : byteAt(above, x - pixelBytes)
    const up = byteAt(above, x)
    const estimate = left + up - corner
    const [toLeft, toUp, toCorner] = [
      distance(estimate, left),
      distance(estimate, up),
      distance(estimate, corner),
    ]
    const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner
    row[x] = byteAt(row, x) + nearest
  }
}

const distance = (a: number, b: number): number => (a < b ? b - a : a - b)

const byteAt = (bytes: Buffer, at: number): number => bytes[at] ?? 0
