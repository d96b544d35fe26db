/** A condition as far as messages are concerned. */
export interface Tellable {
  readonly code: string
  readonly subject: string | null
}

/** A condition that holds now. */
export interface Candidate<C extends Tellable> {
  readonly condition: C
  /** Since when it needs a person; null while Ferry copes with it. */
  readonly actSince: number | null
  readonly isSilenced: boolean
}

/** A condition of which a target was told. */
export interface Told<C extends Tellable> {
  readonly condition: C
  readonly toldAt: number
}

/** The content of a message. */
export interface Digest<C extends Tellable> {
  readonly begun: readonly C[]
  readonly lasting: readonly C[]
  readonly ended: readonly C[]
  /** Number of conditions that need a person after this message. */
  readonly remaining: number
}

export interface DigestTimes {
  /** A condition that does not last for this long sends nothing. */
  readonly afterMs: number
  /** A condition that lasts is told again after this time. */
  readonly repeatMs: number
}

const tellableKey = ({ code, subject }: Tellable): string => JSON.stringify([code, subject ?? ''])

/**
 * Compares the conditions with those of which a target was told; undefined if there is nothing to tell. The comparison
 * alone decides (`held`: conditions that have not ended, also those that are away for a moment), so a message that could not be sent is not lost: the next one says what is the case then.
 */
export function digestOf<C extends Tellable>(
  { candidates, held }: { readonly candidates: readonly Candidate<C>[]; readonly held: readonly Tellable[] },
  told: readonly Told<C>[],
  now: number,
  { afterMs, repeatMs }: DigestTimes,
): Digest<C> | undefined {
  const toldAt = new Map(told.map((one) => [tellableKey(one.condition), one.toldAt]))
  const heldKeys = new Set(held.map(tellableKey))
  const due = candidates.filter(
    ({ actSince, isSilenced }) => actSince !== null && !isSilenced && now - actSince >= afterMs,
  )
  const begun = due.filter(({ condition }) => !toldAt.has(tellableKey(condition)))
  // A repetition takes the others along that are due within the hour, so that they need no message of their own.
  const known = due.filter(({ condition }) => toldAt.has(tellableKey(condition)))
  const ageOf = ({ condition }: Candidate<C>): number => now - (toldAt.get(tellableKey(condition)) ?? now)
  const isRepeated = known.some((one) => ageOf(one) >= repeatMs)
  const lasting = isRepeated ? known.filter((one) => ageOf(one) >= repeatMs - TOGETHER_MS) : []
  const ended = told.filter(({ condition }) => !heldKeys.has(tellableKey(condition)))
  if (begun.length + lasting.length + ended.length === 0) return undefined
  return {
    begun: begun.map(({ condition }) => condition),
    lasting: lasting.map(({ condition }) => condition),
    ended: ended.map(({ condition }) => condition),
    remaining: due.length,
  }
}

const TOGETHER_MS = 3_600_000
