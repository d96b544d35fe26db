import { createHash } from 'node:crypto'
import { Failure } from '../../platform/failure.ts'
import type { Envelope, Trailer } from '../../protocol/spool-file.ts'
import type { Register } from '../register/register.ts'
import type { InstanceStore, InstanceWriter } from '../store/instance-store.ts'
import type { StoredFiles } from '../store/stored-files.ts'
import type { OpenedNames } from './opened-identity.ts'

export interface MemberFileOptions {
  readonly store: InstanceStore
  readonly register: Register
  readonly files: StoredFiles
}

/** The file that an opened member gets in the store; it is not written if the store has the instance already. */
export class MemberFile {
  readonly #options: MemberFileOptions
  readonly #ulid: string
  readonly #trailer: Trailer
  readonly #sha256 = createHash('sha256')
  #writer: InstanceWriter | undefined

  /** `ulid`: the member's name in the pack. */
  constructor(ulid: string, trailer: Trailer, options: MemberFileOptions) {
    this.#ulid = ulid
    this.#trailer = trailer
    this.#options = options
  }

  /** The file in the store; undefined before {@link begin}, and if the instance was there. */
  get writer(): InstanceWriter | undefined {
    return this.#writer
  }

  /** Called when the names are known: creates the file. Throws PACK_INVALID if the envelope is of another member. */
  async begin(envelope: Envelope, names: OpenedNames): Promise<void> {
    const { register, store, files } = this.#options
    if (envelope.ulid !== this.#ulid) {
      throw new Failure('PACK_INVALID', 'opening a member: its envelope has another ULID than the pack lists')
    }
    const { dataSetSha256 } = this.#trailer
    const known = await register.instances.find({ ...names, dataSetSha256 })
    if (known?.isLost === 0 && (await files.lost([known])).size === 0) return
    this.#writer = await store.create({ ...names, ulid: this.#ulid })
  }

  async push(plaintext: readonly Buffer[]): Promise<void> {
    if (plaintext.length === 0 || this.#writer === undefined) return
    for (const piece of plaintext) this.#sha256.update(piece)
    await this.#writer.push(plaintext)
  }

  /** Returns the digest of the whole file; empty if none was written. Once, after the last bytes. */
  finish(): string {
    return this.#writer === undefined ? '' : this.#sha256.digest('hex')
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#writer?.discard()
  }
}
