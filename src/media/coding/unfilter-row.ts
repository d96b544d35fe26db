/**
 * Undoes the filter of a row of a PNG in place, from the row above (PNG §9.2). Returns false for an unknown filter.
 *
 * @param pixelBytes distance to the sample on the left
 */
export function unfilterRow(filter: number, row: Buffer, above: Buffer, pixelBytes: number): boolean {
  const predict = PREDICTORS[filter]
  if (predict === undefined) return false
  if (filter === 0) return true
  for (let x = 0; x < row.length; x++) {
    const left = x < pixelBytes ? 0 : (row[x - pixelBytes] ?? 0)
    const corner = x < pixelBytes ? 0 : (above[x - pixelBytes] ?? 0)
    row[x] = (row[x] ?? 0) + predict(left, above[x] ?? 0, corner)
  }
  return true
}

type Predictor = (left: number, up: number, corner: number) => number

const PREDICTORS: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
]

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}
