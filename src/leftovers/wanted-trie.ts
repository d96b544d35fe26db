/** The result at the end of a path through the trie. */
interface WantedEnding {
  /** Line in the identities' file, from 1. */
  readonly line: number
  /** Neighbours that it must not have. */
  readonly apart: 'no' | 'from-letters' | 'from-digits' | 'from-both'
}

export interface Match {
  readonly line: number
  readonly start: number
  readonly end: number
}

/** How the characters of an encoding are cut into what the trie compares. */
interface TrieUnits {
  readonly bytes: 1 | 2
  readonly read: (bytes: Buffer, at: number) => number
}

/** Encodings whose ASCII takes one byte. */
export const BYTES: TrieUnits = { bytes: 1, read: (bytes, at) => bytes[at] ?? 0 }
export const UTF_16_LE: TrieUnits = {
  bytes: 2,
  read: (bytes, at) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8),
}
export const UTF_16_BE: TrieUnits = {
  bytes: 2,
  read: (bytes, at) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0),
}

/** One character of a wanted text, in units. */
export type Character = readonly number[]

interface Node {
  readonly next: Map<number, Node>
  /** Signs are allowed here. */
  isJoint: boolean
  /** Within a character, where capital and small letters are not the same. */
  isExact: boolean
  readonly endings: WantedEnding[]
}

const MOST_SIGNS = 3
const SIGNS: ReadonlySet<number> = new Set(Array.from('^= ,._-/\\|:()\t\r\n', (sign) => sign.charCodeAt(0)))
const [ESCAPE, DOLLAR] = [0x1b, 0x24]

/**
 * Many texts at once, each in parts that a few signs may separate; capital and small letters are the same. The first
 * two bytes of a place decide whether it is looked at closer, so that most bytes of pixels cost one look.
 */
export class WantedTrie {
  readonly #units: TrieUnits
  readonly #root: Node = newNode()
  /** By the two bytes that a match may begin with, high byte first: 1 where one may. */
  readonly starts = new Uint8Array(0x1_0000)

  constructor(units: TrieUnits) {
    this.#units = units
  }

  add(parts: readonly (readonly Character[])[], ending: WantedEnding): void {
    let node = this.#root
    for (const [i, part] of parts.entries()) {
      for (const character of part) node = step(node, character)
      if (i < parts.length - 1) node.isJoint = true
    }
    if (!node.endings.some(({ line, apart }) => line === ending.line && apart === ending.apart))
      node.endings.push(ending)
    const units = parts.flat().flat()
    const [first = 0, second = 0] = units
    if (this.#units.bytes === 2) return this.#mark(first)
    const isOneByte = parts[0]?.flat().length === 1
    this.#markPairs(first, isOneByte ? [...SIGNS, ESCAPE, second] : [second])
  }

  #markPairs(first: number, seconds: readonly number[]): void {
    for (const a of bothCases(first)) {
      for (const b of seconds.flatMap(bothCases)) this.starts[(a << 8) | b] = 1
    }
  }

  #mark(unit: number): void {
    for (const one of bothCases(unit)) {
      this.starts[this.#units === UTF_16_BE ? one : ((one & 0xff) << 8) | (one >> 8)] = 1
    }
  }

  /** Returns the longest match of each line that begins here. */
  matchesAt(bytes: Buffer, start: number): Match[] {
    const longest = new Map<number, Match>()
    let node: Node | undefined = this.#root
    let [at, signs] = [start, 0]
    while (node !== undefined && at < bytes.length) {
      const unit = this.#units.read(bytes, at)
      const child: Node | undefined = node.next.get(node.isExact ? unit : lowered(unit))
      const sign = child === undefined && node.isJoint && signs < MOST_SIGNS ? this.#signAt(bytes, at) : 0
      at += sign > 0 ? sign : this.#units.bytes
      signs = sign > 0 ? signs + 1 : 0
      if (sign > 0) continue
      node = child
      for (const ending of child?.endings ?? []) {
        if (this.#stands(bytes, start, at, ending))
          longest.set(ending.line, { line: ending.line, start, end: at })
      }
    }
    return Array.from(longest.values())
  }

  /** Bytes of a sign, or of an escape of ISO 2022. */
  #signAt(bytes: Buffer, at: number): number {
    if (SIGNS.has(this.#units.read(bytes, at))) return this.#units.bytes
    if (this.#units.bytes === 2 || bytes[at] !== ESCAPE) return 0
    return bytes[at + 1] === DOLLAR && (bytes[at + 2] ?? 0) < 0x30 ? 4 : 3
  }

  #stands(bytes: Buffer, start: number, end: number, { apart }: WantedEnding): boolean {
    const { bytes: width, read } = this.#units
    const beside = [start >= width ? read(bytes, start - width) : 0, read(bytes, end)]
    if ((apart === 'from-digits' || apart === 'from-both') && beside.some(isDigit)) return false
    return !((apart === 'from-letters' || apart === 'from-both') && beside.some(isLetter))
  }
}

const newNode = (): Node => ({ next: new Map(), isJoint: false, isExact: false, endings: [] })

function step(node: Node, character: Character): Node {
  let at = node
  for (const [i, unit] of character.entries()) {
    if (i > 0) at.isExact = true
    const key = i > 0 ? unit : lowered(unit)
    const next = at.next.get(key) ?? newNode()
    at.next.set(key, next)
    at = next
  }
  return at
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isLetter = (code: number): boolean => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
const lowered = (code: number): number => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code)
const bothCases = (code: number): number[] => (isLetter(code) ? [code & ~0x20, code | 0x20] : [code])
