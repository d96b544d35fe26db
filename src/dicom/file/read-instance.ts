import { Failure } from '../../platform/failure.ts'
import { DataSetHeadScanner } from '../find/data-set-head.ts'
import { type PixelDataForm, PixelDataSearch } from '../find/pixel-data-search.ts'
import { type Part10Header, parsePart10Header } from '../read/part10.ts'
import { guessTransferSyntax, probeTransferSyntax } from '../second-reading/probe-transfer-syntax.ts'
import { MEDIA_STORAGE_DIRECTORY } from '../vocabulary/sop-class.ts'
import { TRANSFER_SYNTAX, transferSyntax, transferSyntaxName } from '../vocabulary/transfer-syntax.ts'
import { isInstanceUid, isUid } from '../vocabulary/uid.ts'
import { NotInstance } from './not-instance.ts'

const FIRST_BYTES = 64 * 1024
const CHUNK_BYTES = 256 * 1024
/** Pixel data after this position is not searched: the file meta header then counts. */
const SEARCH_BYTES = 64 * 1024 * 1024

type UidField = 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'

/** A difference between the file meta header and the data set. */
export interface Difference {
  readonly field: UidField
  /** Empty if the header does not name one. */
  readonly header: string
  /** Empty if the data set does not name one. */
  readonly dataSet: string
  /** The one that is sent. */
  readonly sent: string
}

/** The instance in a file. */
export interface FiledInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Offset of the data set. */
  readonly headerBytes: number
  readonly differences: readonly Difference[]
  /** Undefined if it is unknown: the data set is deflated or cannot be read, or its first 64 MiB hold no pixel data. */
  readonly hasPixelData: boolean | undefined
}

/** Random access to the bytes of a file. Returns fewer bytes only at its end. */
interface Readable {
  read(offset: number, length: number): Promise<Buffer>
}

type Header = Pick<Part10Header, UidField | 'headerBytes'>

const NO_HEADER: Header = { sopClassUid: '', sopInstanceUid: '', transferSyntaxUid: '', headerBytes: 0 }

/**
 * Reads the identifiers that C-STORE needs from a file. The data set counts, because it is what is sent: if the file
 * meta header differs or is missing, the result says so. `isDirectory`: the file has the name of a DICOMDIR. Throws
 * {@link NotInstance}, and errors of `file`.
 */
export async function readInstance(file: Readable, isDirectory = false): Promise<FiledInstance> {
  const { header, first, isWhole } = await readHeader(file)
  if (header === undefined) throw new NotInstance(isDirectory ? 'directory' : 'notDicom')
  if (header.sopClassUid === MEDIA_STORAGE_DIRECTORY) throw new NotInstance('directory')
  if (first.length === 0) throw new NotInstance('noDataSet')
  const written = writtenIn(header.transferSyntaxUid, first, isWhole)
  const seen = await look(file, header.headerBytes, written)
  const found = {
    sopClassUid: seen.sopClassUid,
    sopInstanceUid: seen.sopInstanceUid,
    transferSyntaxUid: withPixels(written, seen.pixelData),
  }
  const sopClassUid = [found.sopClassUid, header.sopClassUid].find(isUid)
  const sopInstanceUid = [found.sopInstanceUid, header.sopInstanceUid].find(isInstanceUid)
  if (sopClassUid === undefined) throw new NotInstance(isDirectory ? 'directory' : 'noSopClass')
  if (sopInstanceUid === undefined) throw new NotInstance('noSopInstance')
  const sent = { sopClassUid, sopInstanceUid, transferSyntaxUid: found.transferSyntaxUid }
  return {
    ...sent,
    headerBytes: header.headerBytes,
    differences: differences(header, found, sent),
    hasPixelData: seen.hasPixelData,
  }
}

interface Beginning {
  /** Undefined if the file is not DICOM. */
  readonly header: Header | undefined
  /** The first bytes of the data set. */
  readonly first: Buffer
  /** True if the data set ends with them. */
  readonly isWhole: boolean
}

async function readHeader(file: Readable): Promise<Beginning> {
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const begin = await file.read(0, bytes)
    const isWhole = begin.length < bytes
    if (begin.length === 0) throw new NotInstance('empty')
    if (isBareDataSet(begin, isWhole)) return { header: NO_HEADER, first: begin, isWhole }
    const header = headerIn(begin)
    if (header === 'none') return { header: undefined, first: begin, isWhole }
    if (header !== undefined) return { header, first: begin.subarray(header.headerBytes), isWhole }
    if (isWhole) throw new NotInstance('cutShort')
  }
}

/** PS3.10 §7.1 requires preamble and header; old archives write files without them. */
const isBareDataSet = (bytes: Buffer, isWhole: boolean): boolean =>
  !beginsWithMeta(bytes) && probeTransferSyntax(bytes, isWhole) !== undefined

const PREFIX = 'DICM'
const META_GROUP = 0x0002

/** Returns undefined if there are too few bytes for it. Some writers omit the preamble, but not the prefix. */
function headerIn(bytes: Buffer): Header | 'none' | undefined {
  const isPrefixed = bytes.toString('latin1', 0, PREFIX.length) === PREFIX
  const offset = isPrefixed ? PREFIX.length : 0
  const begin = bytes.subarray(offset)
  if (isPrefixed && !beginsWithMeta(begin)) return { ...NO_HEADER, headerBytes: offset }
  try {
    const header = parsePart10Header(begin)
    if (header === undefined) return beginsAsDicom(begin) ? undefined : 'none'
    return { ...header, headerBytes: header.headerBytes + offset }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (beginsAsDicom(begin)) throw new NotInstance('badHeader')
    return 'none'
  }
}

const beginsAsDicom = (bytes: Buffer): boolean =>
  bytes.toString('latin1', 128, 132) === PREFIX || beginsWithMeta(bytes)

const beginsWithMeta = (bytes: Buffer): boolean => bytes.length >= 2 && bytes.readUInt16LE(0) === META_GROUP

/** The syntax to read the data set in. The encoding of a private syntax is not known: it counts as declared. */
function writtenIn(declared: string, first: Buffer, isWhole: boolean): string {
  if (!isUid(declared)) {
    const guessed = guessTransferSyntax(first, isWhole)
    if (guessed === undefined) throw new NotInstance('noSyntax')
    return guessed
  }
  const probed = probeTransferSyntax(first, isWhole)
  if (probed === undefined || transferSyntaxName(declared) === undefined) return declared
  const [one, other] = [transferSyntax(declared), transferSyntax(probed)]
  const isSame = one.vr === other.vr && one.byteOrder === other.byteOrder && one.deflated === other.deflated
  return isSame ? declared : probed
}

/** The syntax with which the form of the pixel data agrees. */
function withPixels(written: string, pixelData: PixelDataForm | undefined): string {
  if (pixelData === undefined || transferSyntaxName(written) === undefined) return written
  const { encapsulated } = transferSyntax(written)
  if (pixelData.kind === 'native') return encapsulated ? TRANSFER_SYNTAX.ExplicitVRLittleEndian : written
  if (encapsulated) return written
  if (pixelData.transferSyntaxUid === undefined) throw new NotInstance('noSyntax')
  return pixelData.transferSyntaxUid
}

interface Seen {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly pixelData: PixelDataForm | undefined
  readonly hasPixelData: boolean | undefined
}

/** Reads the data set up to its pixel data. Where it is damaged, the part before counts. */
async function look(file: Readable, start: number, transferSyntaxUid: string): Promise<Seen> {
  const scanner = new DataSetHeadScanner(transferSyntaxUid)
  const { deflated } = transferSyntax(transferSyntaxUid)
  const search = deflated ? undefined : new PixelDataSearch(transferSyntaxUid)
  let isHeadKnown = false
  let isCutOff = true
  const end = start + SEARCH_BYTES
  for (let at = start; at < end; ) {
    if (isHeadKnown && search?.isOver !== false) break
    const bytes = await file.read(at, CHUNK_BYTES)
    isCutOff = bytes.length === CHUNK_BYTES
    if (bytes.length === 0) break
    at += bytes.length
    isHeadKnown ||= scanner.push(bytes)
    search?.push(bytes)
  }
  search?.finish()
  const { sopClassUid = '', sopInstanceUid = '' } = scanner.head
  const pixelData = search?.form
  const isUnknown = search === undefined || isCutOff || search.isOver
  return {
    sopClassUid,
    sopInstanceUid,
    pixelData,
    hasPixelData: pixelData !== undefined || (isUnknown ? undefined : false),
  }
}

function differences(
  header: Header,
  found: Pick<Header, UidField>,
  sent: Pick<Header, UidField>,
): Difference[] {
  const fields: readonly UidField[] = ['sopClassUid', 'sopInstanceUid', 'transferSyntaxUid']
  return fields
    .filter((field) => header[field] !== sent[field] || (found[field] !== '' && found[field] !== sent[field]))
    .map((field) => ({ field, header: header[field], dataSet: found[field], sent: sent[field] }))
}
