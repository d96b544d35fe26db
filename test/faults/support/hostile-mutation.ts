import type { Random } from '../../support/random.ts'

const LENGTHS = [0, 1, 2, 5, 6, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const

/** One to six changes: a bit, a byte, a length, a piece gone, doubled, moved, or all that follows cut off. */
export function mutate(bytes: Buffer, dice: Random): Buffer {
  let changed = bytes
  for (let left = 1 + dice.below(6); left > 0 && changed.length > 0; left--) changed = change(changed, dice)
  return changed
}

function change(bytes: Buffer, dice: Random): Buffer {
  const at = dice.below(bytes.length)
  const end = Math.min(bytes.length, at + 1 + dice.below(64))
  switch (dice.below(9)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 3: {
      const to = dice.below(bytes.length)
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, end), bytes.subarray(to)])
    }
    case 4:
    case 5:
      return withLength(bytes, at, dice)
    default:
      return withByte(bytes, at, dice)
  }
}

function withLength(bytes: Buffer, at: number, dice: Random): Buffer {
  const changed = Buffer.from(bytes)
  const length = dice.pick(LENGTHS)
  if (at + 4 > bytes.length) return changed
  if (dice.below(2) === 0) changed.writeUInt32BE(length, at)
  else changed.writeUInt32LE(length, at)
  return changed
}

function withByte(bytes: Buffer, at: number, dice: Random): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = dice.below(2) === 0 ? dice.below(256) : (bytes[at] ?? 0) ^ (1 << dice.below(8))
  return changed
}

/** The pieces in which TCP delivers them: mostly a few, now and then the first bytes one by one. */
export function segmented(bytes: Buffer, dice: Random): Buffer[] {
  const count = dice.below(16) === 0 ? Math.min(40, bytes.length) : 0
  const places = Array.from({ length: dice.below(5) }, () => dice.below(bytes.length + 1))
  return cutAt(bytes, [...Array.from({ length: count }, (_, index) => index), ...places])
}

export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  let from = 0
  for (const end of [...places, bytes.length].toSorted((a, b) => a - b)) {
    if (end > from) parts.push(bytes.subarray(from, end))
    from = Math.max(from, end)
  }
  return parts
}
