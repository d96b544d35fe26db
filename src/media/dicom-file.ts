import { once } from 'node:events'
import { createInflateRaw } from 'node:zlib'
import { DataSetCheck } from '../dicom/check/check-data-set.ts'
import { DataSetHeadScanner } from '../dicom/find/data-set-head.ts'
import { PixelDataSearch } from '../dicom/find/pixel-data-search.ts'
import { parsePart10Header } from '../dicom/read/part10.ts'
import { probeTransferSyntax } from '../dicom/second-reading/probe-transfer-syntax.ts'
import { sopClassName } from '../dicom/vocabulary/sop-class.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { readChunks } from './read-chunks.ts'

/** File meta information is searched in this many bytes; more of it is an attack, or private. */
const HEADER_LIMIT_BYTES = 1024 * 1024 + 64 * 1024
const PREFIX = 'DICM'
const PREFIX_AT = 128
const META_GROUP = 0x0002

/** True for the first bytes of a DICOM file, with or without preamble, and of a bare data set (PS3.10 §7.1). */
export function beginsAsDicom(first: Buffer, isWholeFile: boolean): boolean {
  if (first.toString('latin1', PREFIX_AT, PREFIX_AT + 4) === PREFIX) return true
  if (first.toString('latin1', 0, 4) === PREFIX) return true
  if (first.length < 16) return false
  if (first.readUInt16LE(0) === META_GROUP && first.readUInt16LE(2) <= 0x0016) return true
  return first.readUInt16LE(0) === 0x0008 && probeTransferSyntax(first, isWholeFile) !== undefined
}

/** Follows a DICOM file to its last element; returns what is missing. */
export async function missingInDicom(source: ByteSource): Promise<string | undefined> {
  const first = await source.read(0, HEADER_LIMIT_BYTES)
  const begin = beginOf(first, first.length === source.size)
  if (begin === undefined) return 'the file meta information is cut off or damaged'
  if (begin.offset >= source.size) return 'no data set after the file meta information'
  const { deflated } = transferSyntax(begin.transferSyntaxUid)
  const following = new Following(deflated ? TRANSFER_SYNTAX.ExplicitVRLittleEndian : begin.transferSyntaxUid)
  const chunks = readChunks(source, { offset: begin.offset, length: source.size })
  if (deflated) {
    if (!(await inflateInto(following, chunks))) return 'the deflated data set is cut off or damaged'
  } else for await (const bytes of chunks) following.push(bytes)
  return following.finish()
}

/** Follows a data set, inflated, to its end. */
class Following {
  readonly #check: DataSetCheck
  readonly #head: DataSetHeadScanner
  readonly #pixels: PixelDataSearch

  constructor(transferSyntaxUid: string) {
    this.#check = new DataSetCheck(transferSyntaxUid)
    this.#head = new DataSetHeadScanner(transferSyntaxUid)
    this.#pixels = new PixelDataSearch(transferSyntaxUid)
  }

  push(bytes: Buffer): void {
    this.#check.push(bytes)
    this.#head.push(bytes)
    this.#pixels.push(bytes)
  }

  /** A file that is cut between two elements shows it only by what its SOP class must have. */
  finish(): string | undefined {
    const findings = this.#check.finish()
    this.#pixels.finish()
    if (findings.includes('truncated')) return 'the data set ends in the middle of an element'
    if (findings.includes('fragmentsEnd')) return 'the end of the pixel data is missing'
    if (findings.includes('uidMissing')) return 'an identifying UID is missing'
    const isImage = sopClassName(this.#head.head.sopClassUid ?? '')?.includes('Image Storage') === true
    const isWithout = isImage && this.#pixels.form === undefined && !findings.includes('unreadable')
    return isWithout || findings.includes('pixelMissing') ? 'the pixel data is missing' : undefined
  }
}

interface Begin {
  readonly offset: number
  readonly transferSyntaxUid: string
}

function beginOf(first: Buffer, isWholeFile: boolean): Begin | undefined {
  const skipped = first.toString('latin1', 0, 4) === PREFIX ? 4 : 0
  const bytes = first.subarray(skipped)
  const isBare = bytes.length >= 2 && bytes.readUInt16LE(0) === 0x0008
  if (isBare && bytes.toString('latin1', PREFIX_AT, PREFIX_AT + 4) !== PREFIX) {
    const transferSyntaxUid = probeTransferSyntax(bytes, isWholeFile)
    return transferSyntaxUid === undefined ? undefined : { offset: skipped, transferSyntaxUid }
  }
  try {
    const header = parsePart10Header(bytes)
    return header && { offset: header.headerBytes + skipped, transferSyntaxUid: header.transferSyntaxUid }
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** Returns false if the deflate stream does not come to its end. */
async function inflateInto(following: Following, chunks: AsyncIterable<Buffer>): Promise<boolean> {
  const inflate = createInflateRaw()
  inflate.on('data', (bytes: Buffer) => following.push(bytes))
  const ended = once(inflate, 'end').then(
    () => true,
    () => false,
  )
  for await (const bytes of chunks) {
    if (inflate.errored !== null) break
    if (!inflate.write(bytes)) await Promise.race([once(inflate, 'drain').catch(() => undefined), ended])
  }
  inflate.end()
  return ended
}
