/** Numbers that look random and come again with the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }

  oneOf<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.below(values.length)] ?? values[0]
  }
}

const LENGTHS = [0, 1, 2, 5, 6, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const

/** One to six changes: a bit, a byte, a length, a piece gone, doubled, moved, or all that follows cut off. */
export function mutate(bytes: Buffer, dice: Dice): Buffer {
  let changed = bytes
  for (let left = 1 + dice.below(6); left > 0 && changed.length > 0; left--) changed = change(changed, dice)
  return changed
}

function change(bytes: Buffer, dice: Dice): Buffer {
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

function withLength(bytes: Buffer, at: number, dice: Dice): Buffer {
  const changed = Buffer.from(bytes)
  const length = dice.oneOf(LENGTHS)
  if (at + 4 > bytes.length) return changed
  if (dice.below(2) === 0) changed.writeUInt32BE(length, at)
  else changed.writeUInt32LE(length, at)
  return changed
}

function withByte(bytes: Buffer, at: number, dice: Dice): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = dice.below(2) === 0 ? dice.below(256) : (bytes[at] ?? 0) ^ (1 << dice.below(8))
  return changed
}

/** The pieces in which TCP delivers them: mostly a few, now and then the first bytes one by one. */
export function segmented(bytes: Buffer, dice: Dice): Buffer[] {
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
