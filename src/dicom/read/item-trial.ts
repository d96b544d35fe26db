import { TAG } from '../vocabulary/tag.ts'
import { looksLikeVr } from '../vocabulary/value-representation.ts'
import { UNDEFINED_LENGTH } from './data-set-token.ts'
import { type Encoding, ITEM_HEADER_BYTES, readElementHeader, readLength, readTag } from './element-header.ts'

/** A longer value is judged by its beginning. */
export const TRIAL_BYTES = 64 * 1024

const NESTING_LIMIT = 32

interface Open {
  readonly kind: 'sequence' | 'item' | 'fragments'
  /** The end; infinite if a delimiter marks it. */
  readonly end: number
}

/**
 * Reads a value as the items of a sequence, on trial. Returns true if it parses up to its end, or up to the end of `value`
 * if that is only the beginning of a longer one. A binary value may begin like an item (PS3.5 §7.5) and must not be taken
 * for one; the value of a private element, or of one written as UN, tells only by its content.
 *
 * @param value the first bytes of the value
 * @param length the length of the whole value, in bytes
 */
export function readsAsItems(value: Buffer, length: number, encoding: Encoding): boolean {
  const open: Open[] = [
    { kind: 'sequence', end: length === UNDEFINED_LENGTH ? Number.POSITIVE_INFINITY : length },
  ]
  let at = 0
  for (;;) {
    while (open.at(-1)?.end === at) open.pop()
    const inside = open.at(-1)
    if (inside === undefined) return true
    if (at + ITEM_HEADER_BYTES > value.length) return value.length < length && at <= inside.end
    const next = step(value, at, inside, open, encoding)
    if (next === undefined || next > limitOf(open)) return false
    at = next
    if (open.length === 0) return true
  }
}

/** Encapsulated data, which an icon in an item may hold (PS3.5 §A.4). */
const FRAGMENTED_VRS: ReadonlySet<string> = new Set(['OB', 'OW'])

/** Reads one header. Returns the position of the next one, or undefined if there is none here. */
function step(value: Buffer, at: number, inside: Open, open: Open[], encoding: Encoding): number | undefined {
  const tag = readTag(value, at, encoding)
  const length = readLength(value, at + 4, encoding)
  const next = at + ITEM_HEADER_BYTES
  if (tag === TAG.Item) {
    if (inside.kind === 'item') return undefined
    return inside.kind === 'fragments' ? next + length : begin(open, 'item', next, length)
  }
  if (tag === TAG.ItemDelimitationItem || tag === TAG.SequenceDelimitationItem) {
    const isOfItem = inside.kind === 'item'
    if (isOfItem !== (tag === TAG.ItemDelimitationItem) || Number.isFinite(inside.end)) return undefined
    open.pop()
    return next
  }
  if (inside.kind !== 'item' || tag >>> 16 === 0xfffe) return undefined
  const header = readElementHeader(value, at, encoding)
  // Only the beginning of the value is here, and it ends within this header.
  if (header === undefined) return value.length
  if (header.vr !== undefined && !looksLikeVr(header.vr)) return undefined
  const valueAt = at + header.headerBytes
  if (header.length !== UNDEFINED_LENGTH) return valueAt + header.length
  const kind = FRAGMENTED_VRS.has(header.vr ?? '') ? 'fragments' : 'sequence'
  return begin(open, kind, valueAt, UNDEFINED_LENGTH)
}

function begin(open: Open[], kind: Open['kind'], at: number, length: number): number | undefined {
  if (open.length >= 2 * NESTING_LIMIT) return undefined
  const end = length === UNDEFINED_LENGTH ? Number.POSITIVE_INFINITY : at + length
  if (end !== Number.POSITIVE_INFINITY && end > limitOf(open)) return undefined
  open.push({ kind, end })
  return at
}

/** The end of the innermost container whose length is stated. */
function limitOf(open: readonly Open[]): number {
  return open.findLast(({ end }) => Number.isFinite(end))?.end ?? Number.POSITIVE_INFINITY
}
