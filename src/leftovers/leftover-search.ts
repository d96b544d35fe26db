import { encodeInAll } from './encodings.ts'
import { findIdCards } from './find-id-cards.ts'
import { identityForms, type WantedText } from './identity-forms.ts'
import { BYTES, type Character, type Match, UTF_16_BE, UTF_16_LE, WantedTrie } from './wanted-trie.ts'

export interface WantedIdentity {
  /** In its file, from 1. */
  readonly line: number
  readonly text: string
}

/** No match is longer: every character with signs behind it. */
const LONGEST_MATCH_BYTES = 8192
/** Bytes that a look behind needs. */
const CONTEXT_BYTES = 2
/** Parts of a text while it is encoded: never a byte of another character in any encoding. */
const BETWEEN = 0x0a

/**
 * Finds identities in bytes, whatever these are: in all encodings, in all forms. Nothing of it is shared with what removes
 * identity, lists of encodings included.
 */
export class LeftoverSearch {
  readonly #tries = [new WantedTrie(BYTES), new WantedTrie(UTF_16_LE), new WantedTrie(UTF_16_BE)] as const
  /** By the first two bytes: the tries, a bit each, in which something begins so. */
  readonly #starts: Uint8Array

  constructor(identities: readonly WantedIdentity[]) {
    for (const { line, text } of identities) {
      for (const wanted of identityForms(text)) this.#add(wanted, line)
    }
    this.#starts = Uint8Array.from({ length: 0x1_0000 }, (_, pair) =>
      this.#tries.reduce((bits, { starts }, i) => bits | ((starts[pair] ?? 0) << i), 0),
    )
  }

  /**
   * Matches that begin in [from, to), without those that begin within another of the same line. `ends`: by line, where the
   * last one ends; kept up to date.
   */
  search(bytes: Buffer, from = 0, to = bytes.length, ends = new Map<number, number>()): Match[] {
    const found = findIdCards(bytes, from, to)
    const starts = this.#starts
    let pair = bytes[from] ?? 0
    for (let at = from; at < to; at++) {
      pair = ((pair << 8) | (bytes[at + 1] ?? 0)) & 0xffff
      const bits = starts[pair] ?? 0
      if (bits !== 0) found.push(...this.#matchesAt(bytes, at, bits))
    }
    const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end)
    return sorted.filter(({ line, start, end }) => {
      if (start < (ends.get(line) ?? 0)) return false
      ends.set(line, end)
      return true
    })
  }

  #matchesAt(bytes: Buffer, at: number, bits: number): Match[] {
    return this.#tries.flatMap((trie, i) => ((bits >> i) & 1 ? trie.matchesAt(bytes, at) : []))
  }

  #add({ parts, apart }: WantedText, line: number): void {
    const [narrow, little, big] = this.#tries
    const ending = { line, apart }
    for (const encoded of encodeInAll(parts.join(String.fromCharCode(BETWEEN)))) {
      const pieces = split(encoded)
      const characters = pieces.map((piece, i) => charactersOf(piece, parts[i] ?? ''))
      narrow.add(characters, ending)
      for (const sevenBit of asSevenBit(characters)) narrow.add(sevenBit, ending)
    }
    const wide = parts.map((part) => Array.from({ length: part.length }, (_, i) => [part.charCodeAt(i)]))
    little.add(wide, ending)
    big.add(wide, ending)
  }
}

/** The same over bytes that come in pieces; offsets count from the first. */
export class StreamSearch {
  readonly #search: LeftoverSearch
  #held = Buffer.alloc(0)
  /** The beginning of the held bytes, and the end of the searched part. */
  #offset = 0
  #searched = 0
  /** By line, where its last match ends, from where the held bytes begin. */
  #ends = new Map<number, number>()

  constructor(search: LeftoverSearch) {
    this.#search = search
  }

  push(chunk: Buffer): Match[] {
    this.#held = Buffer.concat([this.#held, chunk])
    return this.#to(this.#held.length - LONGEST_MATCH_BYTES)
  }

  finish(): Match[] {
    return this.#to(this.#held.length)
  }

  #to(limit: number): Match[] {
    if (limit <= this.#searched) return []
    const offset = this.#offset
    const found = this.#search.search(this.#held, this.#searched, limit, this.#ends)
    const dropped = Math.max(0, limit - CONTEXT_BYTES)
    this.#held = this.#held.subarray(dropped)
    this.#offset += dropped
    this.#searched = limit - dropped
    this.#ends = new Map(Array.from(this.#ends, ([line, end]) => [line, end - dropped]))
    return found.map(({ line, start, end }) => ({ line, start: start + offset, end: end + offset }))
  }
}

function split(encoded: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = encoded.indexOf(BETWEEN); at !== -1; at = encoded.indexOf(BETWEEN, from)) {
    pieces.push(encoded.subarray(from, at))
    from = at + 1
  }
  return [...pieces, encoded.subarray(from)]
}

/** A part of one character is taken whole; in others each byte may be a letter. */
function charactersOf(bytes: Buffer, part: string): Character[] {
  return Array.from(part).length === 1 ? [Array.from(bytes)] : Array.from(bytes, (byte) => [byte])
}

/** Escapes of ISO 2022 after which pairs have seven bits: JIS X 0208 (old and new), GB 2312 and KS X 1001. */
const SEVEN_BIT_ESCAPES = ['\x1b$B', '\x1b$@', '\x1b$A', '\x1b$(C', '\x1b$(D']
/** From this number on, pairs of seven bits, which look like letters and signs, do not occur by accident. */
const UNMISTAKABLE_PAIRS = 3

/** Pairs of bytes from A1 on may have seven bits too: right after an escape, or with other text after it. */
function asSevenBit(parts: readonly (readonly Character[])[]): (readonly Character[])[][] {
  const all = parts
    .flat()
    .map((character) => (character[0] === SINGLE_SHIFT ? character.slice(1) : character))
  if (!all.every((character) => character.length === 2 && character.every((byte) => byte >= 0xa1))) return []
  const lowered = all.map((character) => [character.map((byte) => byte & 0x7f)])
  const escapes = SEVEN_BIT_ESCAPES.map((escape) => Array.from(escape, (sign) => [sign.charCodeAt(0)]))
  return [
    ...(all.length >= UNMISTAKABLE_PAIRS ? [lowered] : []),
    ...escapes.map((escape) => [escape, ...lowered]),
  ]
}

/** In front of a pair of JIS X 0212 in EUC-JP. */
const SINGLE_SHIFT = 0x8f
