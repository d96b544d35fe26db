/** How the sink takes an instance: at once, each piece a turn later, not at all, or by an exception. */
export const SINK_MOODS = ['ready', 'slow', 'refusing', 'throwing'] as const
/** How the peer ends: it closes, resets, says nothing more, or never read what it was told and says nothing more. */
export const ENDINGS = ['close', 'reset', 'silence', 'deaf'] as const

/** One connection of a peer that means harm, or does not know better. */
export interface HostileCase {
  /** The bytes that it sends, in the pieces in which TCP delivers them. */
  readonly segments: readonly Buffer[]
  readonly sink: (typeof SINK_MOODS)[number]
  readonly ending: (typeof ENDINGS)[number]
  /** Instances of a conversation without a fault, each of which must be answered with Success; undefined = no promise. */
  readonly honestStores?: number
}

/** The form in which a case is kept in test/faults/corpus: a line for the sink, one for the ending, one a segment. */
export function writeCase({ segments, sink, ending }: HostileCase): string {
  return [`sink ${sink}`, `ending ${ending}`, ...segments.map((bytes) => bytes.toString('hex')), ''].join(
    '\n',
  )
}

/** Reads what {@link writeCase} wrote; lines that begin with # are remarks. */
export function readCase(text: string): HostileCase {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const [sinkLine, endingLine, ...segments] = lines
  const sink = SINK_MOODS.find((mood) => sinkLine === `sink ${mood}`)
  const ending = ENDINGS.find((one) => endingLine === `ending ${one}`)
  if (sink === undefined || ending === undefined) throw new Error('a case without its first two lines')
  return { sink, ending, segments: segments.map((hex) => Buffer.from(hex, 'hex')) }
}
