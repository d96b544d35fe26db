import { createHash, type Hash } from 'node:crypto'
import type { Sealer } from '../../age/sealer.ts'
import { Failure } from '../../platform/failure.ts'
import { type Envelope, encodeEnvelope, encodeTrailer, type Trailer } from '../../protocol/spool-file.ts'

/** The digest of a data set that is taken elsewhere while it is sealed; called once, after its last byte. */
interface KnownDigest {
  /** SHA-256, hex. */
  hex(): string
}

/**
 * Seals one instance as it streams in. {@link start}, {@link update} and {@link finish} return the bytes of its
 * spool file in the order in which they must be written; no plaintext is among them. The digests of the trailer are
 * taken in the same pass, except one that is known.
 */
export class SpoolFileSealer {
  readonly #envelope: Buffer
  readonly #part10Header: Buffer
  readonly #sealer: Sealer
  /** Undefined if another object takes the digest of the data set. */
  readonly #dataSetHash: Hash | undefined
  readonly #known: KnownDigest | undefined
  readonly #sealedHash = createHash('sha256')
  #dataSetBytes = 0
  #sealedBytes = 0

  /** `sealer` is fresh: it has sealed nothing yet. `part10Header` is the part of the Part 10 file before the data set: preamble, prefix, file meta information. */
  constructor(envelope: Envelope, part10Header: Buffer, sealer: Sealer, known?: KnownDigest) {
    if (envelope.part10HeaderBytes !== part10Header.length) {
      const found = `${part10Header.length} bytes, where the envelope says ${envelope.part10HeaderBytes}`
      throw new Failure('INTERNAL', `sealing a Part 10 header: ${found}`)
    }
    this.#envelope = encodeEnvelope(envelope)
    this.#part10Header = part10Header
    this.#sealer = sealer
    this.#known = known
    if (known === undefined) this.#dataSetHash = createHash('sha256')
  }

  /** Returns the envelope and the age header; called once, before everything else. */
  start(): Buffer[] {
    if (this.#sealedBytes > 0) throw new Failure('INTERNAL', 'sealing a spool file: it was started already')
    return this.#count([this.#envelope, this.#sealer.header, ...this.#sealer.update(this.#part10Header)])
  }

  /** Takes the next bytes of the data set and returns the bytes of the file that they complete. */
  push(dataSet: Buffer): Buffer[] {
    this.#checkStarted()
    const sealed = this.#sealer.update(dataSet)
    this.#dataSetHash?.update(dataSet)
    this.#dataSetBytes += dataSet.length
    return this.#count(sealed)
  }

  /** Returns the rest of the file, including its trailer; only with the trailer does the file count as accepted. */
  finish(): { blocks: Buffer[]; trailer: Trailer } {
    this.#checkStarted()
    const last = this.#count(this.#sealer.final())
    const trailer: Trailer = {
      dataSetBytes: this.#dataSetBytes,
      dataSetSha256: this.#known?.hex() ?? this.#digest(),
      sealedBytes: this.#sealedBytes,
      sealedSha256: this.#sealedHash.digest('hex'),
    }
    return { blocks: [...last, encodeTrailer(trailer)], trailer }
  }

  #digest(): string {
    if (this.#dataSetHash === undefined)
      throw new Failure('INTERNAL', 'sealing a spool file: it has no digest')
    return this.#dataSetHash.digest('hex')
  }

  #checkStarted(): void {
    if (this.#sealedBytes === 0) throw new Failure('INTERNAL', 'sealing a spool file: it was not started')
  }

  /** Adds the bytes for the file to the count and digest of the sealed part. */
  #count(blocks: Buffer[]): Buffer[] {
    for (const block of blocks) {
      this.#sealedHash.update(block)
      this.#sealedBytes += block.length
    }
    return blocks
  }
}
