const SHARE = Number(process.env['FERRY_PROPERTY_SHARE'] ?? 1)

/** Number of cases for a property: all of them in `npm test`, and the share that FERRY_PROPERTY_SHARE names elsewhere. */
export function propertyRuns(all: number): number {
  return Math.max(1, Math.ceil(all * SHARE))
}
