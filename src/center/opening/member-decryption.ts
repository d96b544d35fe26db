import { createHash } from 'node:crypto'
import { Opener } from '../../age/opener.ts'
import type { Identity } from '../../age/x25519-keys.ts'
import type { SurveyDoubt } from '../../dicom/find/data-set-survey.ts'
import { Failure } from '../../platform/failure.ts'
import { type Envelope, parseEnvelope, type Trailer } from '../../protocol/spool-file.ts'
import type { MemberFile } from './member-file.ts'
import { OpenedIdentity, type OpenedNames } from './opened-identity.ts'

/** A member of which every byte was opened, and nothing contradicts its envelope or trailer. */
interface WholeMember {
  readonly names: OpenedNames
  readonly policy: string
  readonly fileBytes: number
  /** Digest of the whole file; empty if none was written. */
  readonly fileSha256: string
  /** The reason why a PACS may find other names in the file; undefined if it cannot. */
  readonly doubt: SurveyDoubt | undefined
}

/**
 * Opens one member while its sealed bytes pass: envelope, then the age file, whose plaintext goes to the store and
 * through the digest of the data set. Plaintext is held until the data set has shown its names, at most 1 MiB or so.
 * Throws the fault of the content; after that no more may be pushed.
 */
export class MemberDecryption {
  readonly #agent: string
  readonly #file: MemberFile
  readonly #opener: Opener
  readonly #dataSetSha256 = createHash('sha256')
  #gathered: Buffer = Buffer.alloc(0)
  #opened: { envelope: Envelope; identity: OpenedIdentity } | undefined
  #names: OpenedNames | undefined
  #held: Buffer[] = []
  #plainBytes = 0

  /** `agent`: the fingerprint of the one that brought it. `file`: takes the plaintext. */
  constructor(identities: readonly Identity[], agent: string, file: MemberFile) {
    this.#agent = agent
    this.#opener = new Opener(identities)
    this.#file = file
  }

  async push(sealed: Buffer): Promise<void> {
    if (this.#opened !== undefined) return this.#take(this.#opened, this.#opener.update(sealed))
    const gathered = this.#gathered.length === 0 ? sealed : Buffer.concat([this.#gathered, sealed])
    const parsed = parseEnvelope(gathered)
    if (parsed === undefined) {
      this.#gathered = Buffer.from(gathered)
      return
    }
    const { envelope, bytesRead } = parsed
    this.#opened = { envelope, identity: new OpenedIdentity(envelope, this.#agent) }
    await this.#take(this.#opened, this.#opener.update(gathered.subarray(bytesRead)))
  }

  /** Called at the end of the age file: checks everything that envelope and trailer say about it. */
  async finish(trailer: Trailer): Promise<WholeMember> {
    if (this.#opened === undefined)
      throw new Failure('SPOOL_FILE_INVALID', 'opening a member: it has no whole envelope')
    const { envelope, identity } = this.#opened
    await this.#take(this.#opened, this.#opener.final())
    this.#checkDataSet(envelope, trailer)
    const names = this.#names ?? (await this.#begin(envelope, identity.names()))
    const doubt = await identity.finish()
    const fileSha256 = this.#file.finish()
    return { names, policy: envelope.policy, fileBytes: this.#plainBytes, fileSha256, doubt }
  }

  /** Called if no more is pushed: removes the written file. */
  async discard(): Promise<void> {
    this.#opened?.identity.discard()
    await this.#file.discard()
  }

  async #take(
    { envelope, identity }: { envelope: Envelope; identity: OpenedIdentity },
    plaintext: readonly Buffer[],
  ): Promise<void> {
    let isNamed = this.#names !== undefined
    for (const piece of plaintext) {
      const headerRest = Math.max(0, envelope.part10HeaderBytes - this.#plainBytes)
      this.#dataSetSha256.update(piece.subarray(headerRest))
      this.#plainBytes += piece.length
      isNamed = (await identity.push(piece)) || isNamed
    }
    if (this.#names !== undefined) return this.#file.push(plaintext)
    this.#held.push(...plaintext)
    if (isNamed) await this.#begin(envelope, identity.names())
  }

  async #begin(envelope: Envelope, names: OpenedNames): Promise<OpenedNames> {
    this.#names = names
    const held = this.#held
    this.#held = []
    await this.#file.begin(envelope, names)
    await this.#file.push(held)
    return names
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
