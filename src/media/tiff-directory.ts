import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'

/** One image file directory: the values of its entries by tag (TIFF 6.0 §2). */
export type TiffDirectory = ReadonlyMap<number, readonly number[]>

/** The directories of a TIFF file and the order of its bytes. */
interface TiffFile {
  readonly isLittle: boolean
  readonly isBig: boolean
  readonly directories: readonly TiffDirectory[]
}

const CLASSIC = 42
const BIG = 43
const ENTRY_BYTES = 12
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 }
const DIRECTORY_LIMIT = 1000
const ENTRY_LIMIT = 1000
const VALUE_LIMIT = 200_000

export function beginsAsTiff(first: Buffer): boolean {
  if (first.length < 8) return false
  const order = first.toString('latin1', 0, 2)
  if (order === 'II') return [CLASSIC, BIG].includes(first.readUInt16LE(2))
  return order === 'MM' && [CLASSIC, BIG].includes(first.readUInt16BE(2))
}

/** Reads the directories; values of other types than BYTE, SHORT and LONG are left out. Throws MEDIA_DAMAGED. */
export async function readTiffDirectories(source: ByteSource): Promise<TiffFile> {
  const head = await source.read(0, 8)
  if (!beginsAsTiff(head)) throw damaged('a TIFF', 'its header is cut off')
  const isLittle = head.toString('latin1', 0, 2) === 'II'
  const numbers = new Numbers(isLittle)
  if (numbers.short(head, 2) === BIG) return { isLittle, isBig: true, directories: [] }
  const directories: TiffDirectory[] = []
  const seen = new Set<number>()
  for (let at = numbers.long(head, 4); at !== 0; ) {
    if (seen.has(at)) throw damaged('a TIFF', 'its directories refer to one another in a circle')
    if (seen.size === DIRECTORY_LIMIT) throw damaged('a TIFF', `more than ${DIRECTORY_LIMIT} directories`)
    seen.add(at)
    const count = numbers.short(await exact(source, at, 2), 0)
    if (count > ENTRY_LIMIT) throw damaged('a TIFF', `a directory of ${count} entries`)
    const bytes = await exact(source, at + 2, count * ENTRY_BYTES + 4)
    directories.push(await entriesOf(source, bytes, count, numbers))
    at = numbers.long(bytes, count * ENTRY_BYTES)
  }
  if (directories.length === 0) throw damaged('a TIFF', 'it has no directory')
  return { isLittle, isBig: false, directories }
}

async function entriesOf(
  source: ByteSource,
  bytes: Buffer,
  count: number,
  numbers: Numbers,
): Promise<TiffDirectory> {
  const entries = new Map<number, readonly number[]>()
  for (let at = 0; at < count * ENTRY_BYTES; at += ENTRY_BYTES) {
    const [tag, type, values] = [
      numbers.short(bytes, at),
      numbers.short(bytes, at + 2),
      numbers.long(bytes, at + 4),
    ]
    const each = TYPE_BYTES[type]
    if (each === undefined || values > VALUE_LIMIT) continue
    const isInside = values * each <= 4
    const stored = isInside
      ? bytes.subarray(at + 8, at + 12)
      : await exact(source, numbers.long(bytes, at + 8), values * each)
    entries.set(
      tag,
      Array.from({ length: values }, (_, i) => numbers.read(stored, i * each, each)),
    )
  }
  return entries
}

/** Numbers in the byte order of the file. */
class Numbers {
  readonly #isLittle: boolean

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle
  }

  short(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  }

  long(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  }

  read(bytes: Buffer, at: number, size: number): number {
    if (size === 1) return bytes.readUInt8(at)
    return size === 2 ? this.short(bytes, at) : this.long(bytes, at)
  }
}

async function exact(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const bytes = await source.read(offset, length)
  if (bytes.length < length) throw damaged('a TIFF', `it ends before byte ${offset + length}`)
  return bytes
}
