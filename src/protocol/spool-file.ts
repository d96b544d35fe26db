import { hash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { parseJson } from './parse-json.ts'
import { ulidSchema } from './ulid.ts'

/*
 * One instance is one spool file (docs/protocol.md, "Spool file"):
 *
 *   envelope   magic 8 | version u16 | suite u16 | length u32 | JSON in UTF-8
 *   age file   a DICOM Part 10 file, sealed (age-encryption.org/v1)
 *   trailer    96 bytes, written last: a file without a valid one was never accepted
 *
 * Numbers are big-endian.
 */
const ENVELOPE_MAGIC = Buffer.from('FERRYSPL', 'latin1')
const TRAILER_MAGIC = Buffer.from('FERRYEND', 'latin1')
const VERSION = 1
const ENVELOPE_HEAD_BYTES = 16
const ENVELOPE_LIMIT_BYTES = 65_536

/** Suite 1: age with X25519 and ChaCha20-Poly1305, Ed25519 signatures, SHA-256 digests. */
export const SUITE = 1

export const TRAILER_BYTES = 96

const uidText = z.string().max(128)

const envelopeSchema = z.strictObject({
  ulid: ulidSchema,
  /** ISO 8601, UTC. */
  arrivedAt: z.string(),
  listener: z.string(),
  callingAeTitle: z.string(),
  calledAeTitle: z.string(),
  sopClassUid: uidText,
  sopInstanceUid: uidText,
  /** Empty if the data set has none, or cannot be read that far. */
  studyInstanceUid: uidText,
  seriesInstanceUid: uidText,
  transferSyntaxUid: uidText,
  /** Bytes of preamble, prefix and file meta information before the data set inside the sealed Part 10 file. */
  part10HeaderBytes: z.int().nonnegative(),
  /** The rules under which it was accepted; 'identified' = as the device sent it. */
  policy: z.string(),
})

/** The clear text before the sealed bytes: enough to route the file and to rebuild the index, nothing of the patient. */
export type Envelope = z.infer<typeof envelopeSchema>

export interface Trailer {
  /** Bytes of the data set as received (PS3.10 file meta not counted). */
  dataSetBytes: number
  /** SHA-256 of the data set, lower-case hex. */
  dataSetSha256: string
  /** Number of bytes of envelope and age file: the offset of the trailer. */
  sealedBytes: number
  /** SHA-256 of envelope and age file, lower-case hex. */
  sealedSha256: string
}

/**
 * Encodes the envelope as the first bytes of the file. Throws SPOOL_FILE_INVALID for one that could not be read back.
 */
export function encodeEnvelope(envelope: Envelope): Buffer {
  const checked = envelopeSchema.safeParse(envelope)
  if (!checked.success)
    throw new Failure(
      'SPOOL_FILE_INVALID',
      `writing an envelope: ${checked.error.issues[0]?.path.join('.')} does not fit`,
    )
  const body = Buffer.from(JSON.stringify(envelope), 'utf8')
  if (body.length > ENVELOPE_LIMIT_BYTES) {
    throw new Failure(
      'SPOOL_FILE_INVALID',
      `writing an envelope: ${body.length} bytes, at most ${ENVELOPE_LIMIT_BYTES}`,
    )
  }
  const head = Buffer.alloc(ENVELOPE_HEAD_BYTES)
  ENVELOPE_MAGIC.copy(head)
  head.writeUInt16BE(VERSION, 8)
  head.writeUInt16BE(SUITE, 10)
  head.writeUInt32BE(body.length, 12)
  return Buffer.concat([head, body])
}

/**
 * Reads the envelope at the start of `bytes`; undefined if there are too few of them. `bytesRead` is the offset of the
 * age file. Throws SPOOL_FILE_INVALID for anything that is not an envelope of this version and suite.
 */
export function parseEnvelope(bytes: Buffer): { envelope: Envelope; bytesRead: number } | undefined {
  if (bytes.length < ENVELOPE_HEAD_BYTES) return undefined
  const [version, suite, length] = [bytes.readUInt16BE(8), bytes.readUInt16BE(10), bytes.readUInt32BE(12)]
  if (!bytes.subarray(0, 8).equals(ENVELOPE_MAGIC)) throw invalid('it does not begin with FERRYSPL')
  if (version !== VERSION || suite !== SUITE) {
    throw invalid(`version ${version}, suite ${suite}, where ${VERSION} and ${SUITE} are known`)
  }
  if (length > ENVELOPE_LIMIT_BYTES)
    throw invalid(`an envelope of ${length} bytes, at most ${ENVELOPE_LIMIT_BYTES}`)
  const end = ENVELOPE_HEAD_BYTES + length
  if (bytes.length < end) return undefined
  const text = bytes.toString('utf8', ENVELOPE_HEAD_BYTES, end)
  return {
    envelope: parseJson(text, envelopeSchema, 'SPOOL_FILE_INVALID', 'reading an envelope'),
    bytesRead: end,
  }
}

/**
 * Returns true for the beginning of a spool file that another version of Ferry wrote: its end may differ from every
 * known form.
 */
export function isOfOtherVersion(firstBytes: Buffer): boolean {
  if (firstBytes.length < ENVELOPE_HEAD_BYTES || !firstBytes.subarray(0, 8).equals(ENVELOPE_MAGIC))
    return false
  return firstBytes.readUInt16BE(8) !== VERSION || firstBytes.readUInt16BE(10) !== SUITE
}

/** The last 96 bytes of the file. */
export function encodeTrailer(trailer: Trailer): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES)
  bytes.writeBigUInt64BE(BigInt(trailer.dataSetBytes), 0)
  bytes.write(trailer.dataSetSha256, 8, 'hex')
  bytes.writeBigUInt64BE(BigInt(trailer.sealedBytes), 40)
  bytes.write(trailer.sealedSha256, 48, 'hex')
  check(bytes).copy(bytes, 80)
  TRAILER_MAGIC.copy(bytes, 88)
  return bytes
}

/** Returns true for a file that was once finished, judged by its last bytes, regardless of the rest. */
export function endsFinished(lastBytes: Buffer): boolean {
  return lastBytes.subarray(-TRAILER_MAGIC.length).equals(TRAILER_MAGIC)
}

/** Reads the trailer of a file of `fileBytes` bytes in all; throws SPOOL_FILE_INVALID if it is not whole. */
export function parseTrailer(bytes: Buffer, fileBytes: number): Trailer {
  if (bytes.length !== TRAILER_BYTES || !bytes.subarray(88).equals(TRAILER_MAGIC)) {
    throw invalid('it does not end with a trailer')
  }
  if (!bytes.subarray(80, 88).equals(check(bytes))) throw invalid("the trailer's own check does not fit")
  const trailer = {
    dataSetBytes: Number(bytes.readBigUInt64BE(0)),
    dataSetSha256: bytes.toString('hex', 8, 40),
    sealedBytes: Number(bytes.readBigUInt64BE(40)),
    sealedSha256: bytes.toString('hex', 48, 80),
  }
  if (trailer.sealedBytes + TRAILER_BYTES !== fileBytes) {
    throw invalid(`${fileBytes} bytes, where its trailer says ${trailer.sealedBytes + TRAILER_BYTES}`)
  }
  return trailer
}

/** The first 8 bytes of the SHA-256 of the four fields: a torn or flipped trailer is invalid. */
function check(trailer: Buffer): Buffer {
  return hash('sha256', trailer.subarray(0, 80), 'buffer').subarray(0, 8)
}

function invalid(found: string): Failure {
  return new Failure('SPOOL_FILE_INVALID', `reading a spool file: ${found}`)
}

const DEIDENTIFIED = 'deidentified:'

/** Returns the envelope's `policy` for a copy without identity, made with the profile of that name. */
export const deidentifiedPolicy = (profile: string): string => DEIDENTIFIED + profile

/** True for a copy that differs from the one on the device: it has no patient, and its UIDs may differ. */
export const isDeidentified = ({ policy }: { policy: string }): boolean => policy.startsWith(DEIDENTIFIED)
