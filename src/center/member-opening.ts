import { createHash } from 'node:crypto'
import { Opener } from '../age/opener.ts'
import type { Identity } from '../age/x25519-keys.ts'
import { parsePart10Header } from '../dicom/part10.ts'
import { trimUid } from '../dicom/uid.ts'
import { Failure } from '../platform/failure.ts'
import { type Envelope, parseEnvelope, type Trailer } from '../protocol/spool-file.ts'
import type { InstanceWriter } from './instance-store.ts'

/** Real headers have some 400 bytes; what stands behind one tells where it ends. */
const HEADER_LIMIT_BYTES = 1024 * 1024
const PEEK_BYTES = 8

/** Makes the writer once the envelope is known; undefined where the instance is in the store already. */
export type CreateWriter = (envelope: Envelope) => Promise<InstanceWriter | undefined>

export interface OpenedFile {
  readonly envelope: Envelope
  readonly fileBytes: number
  /** Of the whole file; empty where none was written. */
  readonly fileSha256: string
}

/**
 * Opens one member while its sealed bytes pass: envelope, then the age file, whose plaintext goes to the store and
 * through the digest of the data set. Throws what the content deserves; after that no more may be pushed.
 */
export class MemberOpening {
  readonly #createWriter: CreateWriter
  readonly #opener: Opener
  readonly #dataSetSha256 = createHash('sha256')
  readonly #fileSha256 = createHash('sha256')
  #gathered: Buffer = Buffer.alloc(0)
  #envelope: Envelope | undefined
  #writer: InstanceWriter | undefined
  #head: Buffer = Buffer.alloc(0)
  #plainBytes = 0

  constructor(identities: readonly Identity[], createWriter: CreateWriter) {
    this.#opener = new Opener(identities)
    this.#createWriter = createWriter
  }

  get writer(): InstanceWriter | undefined {
    return this.#writer
  }

  async push(sealed: Buffer): Promise<void> {
    if (this.#envelope !== undefined) return this.#take(this.#envelope, this.#opener.update(sealed))
    const gathered = this.#gathered.length === 0 ? sealed : Buffer.concat([this.#gathered, sealed])
    const parsed = parseEnvelope(gathered)
    if (parsed === undefined) {
      this.#gathered = Buffer.from(gathered)
      return
    }
    this.#envelope = parsed.envelope
    this.#writer = await this.#createWriter(parsed.envelope)
    await this.#take(parsed.envelope, this.#opener.update(gathered.subarray(parsed.bytesRead)))
  }

  /** The age file is at its end: checks everything that envelope and trailer say of it. */
  async finish(trailer: Trailer): Promise<OpenedFile> {
    const envelope = this.#envelope
    if (envelope === undefined)
      throw new Failure('SPOOL_FILE_INVALID', 'opening a member: it has no whole envelope')
    await this.#take(envelope, this.#opener.final())
    this.#checkDataSet(envelope, trailer)
    checkHeader(this.#head, envelope)
    const fileSha256 = this.#writer === undefined ? '' : this.#fileSha256.digest('hex')
    return { envelope, fileBytes: this.#plainBytes, fileSha256 }
  }

  async #take(envelope: Envelope, plaintext: readonly Buffer[]): Promise<void> {
    for (const piece of plaintext) {
      const headerRest = Math.max(0, envelope.part10HeaderBytes - this.#plainBytes)
      this.#keepHead(piece, envelope)
      this.#dataSetSha256.update(piece.subarray(headerRest))
      this.#plainBytes += piece.length
    }
    if (plaintext.length === 0 || this.#writer === undefined) return
    for (const piece of plaintext) this.#fileSha256.update(piece)
    await this.#writer.write(plaintext)
  }

  #keepHead(piece: Buffer, { part10HeaderBytes }: Envelope): void {
    if (part10HeaderBytes > HEADER_LIMIT_BYTES) {
      throw new Failure(
        'DATA_SET_UNREADABLE',
        `opening a member: a DICOM header of ${part10HeaderBytes} bytes`,
      )
    }
    const wanted = part10HeaderBytes + PEEK_BYTES - this.#head.length
    if (wanted > 0) this.#head = Buffer.concat([this.#head, piece.subarray(0, wanted)])
  }

  #checkDataSet(envelope: Envelope, trailer: Trailer): void {
    const bytes = this.#plainBytes - envelope.part10HeaderBytes
    if (bytes !== trailer.dataSetBytes) {
      throw new Failure(
        'DIGEST_MISMATCH',
        `opening a member: a data set of ${bytes} bytes, where its trailer says ${trailer.dataSetBytes}`,
      )
    }
    if (this.#dataSetSha256.digest('hex') !== trailer.dataSetSha256) {
      throw new Failure('DIGEST_MISMATCH', "opening a member: the data set's digest is not its trailer's")
    }
  }
}

/** What the sealed file says of itself must be what the envelope said in clear; what it leaves out contradicts nothing. */
function checkHeader(head: Buffer, envelope: Envelope): void {
  // By its length where that is right; else by what stands behind it, which by chance may look like more header.
  const header = parsePart10Header(head.subarray(0, envelope.part10HeaderBytes)) ?? parsePart10Header(head)
  if (header === undefined || header.headerBytes !== envelope.part10HeaderBytes) {
    throw new Failure(
      'DATA_SET_MISMATCH',
      'opening a member: the DICOM header does not end where its envelope says',
    )
  }
  for (const field of ['sopClassUid', 'sopInstanceUid', 'transferSyntaxUid'] as const) {
    if (header[field] !== '' && header[field] !== trimUid(envelope[field])) {
      throw new Failure(
        'DATA_SET_MISMATCH',
        `opening a member: ${field} in the file is not that of its envelope`,
      )
    }
  }
}
