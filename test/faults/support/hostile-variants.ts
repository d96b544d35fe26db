import { Random } from '../../support/random.ts'
import { ENDINGS, type HostileCase, SINK_MOODS } from './hostile-case.ts'
import { mutate, segmented } from './hostile-mutation.ts'

/** The bytes that one peer sends, and the number from which its variants are drawn. */
interface Seeded {
  readonly bytes: Buffer
  readonly seed: number
}

/**
 * The case once unchanged, then changed in some bytes; each time in other pieces, with another sink and another ending. Mostly
 * the association request is left alone: what fails there is never asked for a message.
 */
export function variants({ bytes, seed }: Seeded, count: number): HostileCase[] {
  const dice = new Random(seed)
  return Array.from({ length: count }, (_, index) => {
    const keptBytes = dice.below(4) === 0 ? 0 : requestBytes(bytes)
    const changed = Buffer.concat([bytes.subarray(0, keptBytes), mutate(bytes.subarray(keptBytes), dice)])
    return {
      segments: segmented(index === 0 ? bytes : changed, dice),
      sink: dice.below(3) === 0 ? dice.pick(SINK_MOODS) : 'ready',
      ending: dice.pick(ENDINGS),
    }
  })
}

/** The length of the A-ASSOCIATE-RQ with which the bytes begin. */
function requestBytes(bytes: Buffer): number {
  return bytes.length > 6 && bytes[0] === 1 ? Math.min(bytes.length, 6 + bytes.readUInt32BE(2)) : 0
}

/** A case that still fails with pieces of it left out, ever smaller ones, found within a limit of attempts. */
export async function shrink(
  hostile: HostileCase,
  fails: (hostile: HostileCase) => Promise<boolean>,
  attempts: number,
): Promise<HostileCase> {
  let smallest = hostile
  const tries = smaller(() => smallest)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const tried = tries.next()
    if (tried.done === true) break
    if (await fails(tried.value)) smallest = tried.value
  }
  return smallest
}

/** The next candidates from the smallest case up to now: all in one segment, then with less and less left out. */
function* smaller(smallest: () => HostileCase): Generator<HostileCase> {
  yield { ...smallest(), segments: [Buffer.concat(smallest().segments)] }
  for (let size = Buffer.concat(smallest().segments).length >> 1; size > 0; size >>= 1) {
    for (let index = 0; index < smallest().segments.length; index++) {
      for (let at = 0; at < (smallest().segments[index]?.length ?? 0); ) {
        const before = smallest()
        yield without(before, index, at, size)
        if (smallest() === before) at += size
      }
    }
  }
}

function without(hostile: HostileCase, index: number, at: number, size: number): HostileCase {
  const bytes = hostile.segments[index] ?? Buffer.alloc(0)
  const segment = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
  return { ...hostile, segments: hostile.segments.with(index, segment) }
}
