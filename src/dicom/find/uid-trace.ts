import { INSTANCE_UIDS } from '../vocabulary/tag.ts'

const TAG_BYTES = 4
/** Tag, and VR or length. */
const HEADER_BYTES = 8
/** The longest header, of 12 bytes, may be unread at the end of a chunk; and one more may begin in it. */
const TAIL_BYTES = 12 + HEADER_BYTES
const VALUE_LIMIT_BYTES = 128

/** The four tags in both byte orders. */
const PATTERNS: readonly Buffer[] = INSTANCE_UIDS.flatMap((tag) => {
  const [little, big] = [Buffer.alloc(TAG_BYTES), Buffer.alloc(TAG_BYTES)]
  little.writeUInt16LE(tag >>> 16, 0)
  little.writeUInt16LE(tag & 0xffff, 2)
  big.writeUInt32BE(tag, 0)
  return [little, big]
})

/**
 * Searches unreadable bytes of a data set for the header of one of the four UID elements, in any encoding: a reader
 * that can read such bytes could use the following value as the UID.
 */
export class UidTrace {
  #tail: Buffer = Buffer.alloc(0)
  #isFound = false

  get isFound(): boolean {
    return this.#isFound
  }

  /** Searches the next bytes, and headers that begin in the previous bytes. */
  search(bytes: Buffer): void {
    if (this.#isFound) return
    const searched = Buffer.concat([this.#tail, bytes])
    this.#isFound = PATTERNS.some((pattern) => hasHeader(searched, pattern))
    this.#keepTail(searched)
  }

  /** Records readable bytes: an unreadable header may begin in them. */
  remember(bytes: Buffer): void {
    this.#keepTail(bytes.length < TAIL_BYTES ? Buffer.concat([this.#tail, bytes]) : bytes)
  }

  #keepTail(bytes: Buffer): void {
    this.#tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)))
  }
}

function hasHeader(bytes: Buffer, tag: Buffer): boolean {
  for (let at = bytes.indexOf(tag); at !== -1; at = bytes.indexOf(tag, at + 1)) {
    if (at + HEADER_BYTES > bytes.length) return false
    const rest = bytes.subarray(at + TAG_BYTES, at + HEADER_BYTES)
    if (isVr(rest) || isShortLength(rest.readUInt32LE(0)) || isShortLength(rest.readUInt32BE(0))) return true
  }
  return false
}

const isVr = (bytes: Buffer): boolean => /^[A-Z]{2}$/.test(bytes.toString('latin1', 0, 2))

const isShortLength = (length: number): boolean => length > 0 && length <= VALUE_LIMIT_BYTES
