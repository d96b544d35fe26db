import { Failure, failureFrom } from '../platform/failure.ts'
import { TAG_BYTES } from './aead.ts'
import { Chunker } from './chunker.ts'
import { isAuthentic, parseHeader } from './header.ts'
import { Payload, SEALED_CHUNK_BYTES } from './payload.ts'
import { PreambleGatherer } from './preamble-gatherer.ts'
import type { Identity } from './x25519-keys.ts'
import { unwrapFileKey } from './x25519-stanza.ts'

/**
 * Opens one age file while its bytes arrive, in memory that does not grow with it. Every buffer that it answers is
 * authentic and in its place, but that the file is whole is known only when {@link final} has returned.
 *
 * Throws AGE_FORMAT for a file that is malformed, changed or cut off, and AGE_NO_KEY for one that is sealed to others;
 * once it has thrown it opens nothing more.
 */
export class Opener {
  readonly #identities: readonly Identity[]
  readonly #preamble = new PreambleGatherer()
  readonly #chunker = new Chunker(SEALED_CHUNK_BYTES, { keepLast: false })
  #payload: Payload | undefined
  #hasLastChunk = false
  #failure: Failure | undefined

  constructor(identities: readonly Identity[]) {
    this.#identities = identities
  }

  /** The plaintext of the chunks that `sealed` completes. */
  update(sealed: Buffer): Buffer[] {
    return this.#unlessFailed(() => {
      if (this.#payload !== undefined) return this.#openChunks(this.#payload, sealed)
      const preamble = this.#preamble.push(sealed)
      if (preamble === undefined) return []
      this.#payload = new Payload(openHeader(preamble.header, this.#identities), preamble.nonce)
      return this.#openChunks(this.#payload, preamble.rest)
    })
  }

  /** The plaintext of the last chunk, if it was shorter than the others; to be called once, at the end of the file. */
  final(): Buffer[] {
    return this.#unlessFailed(() => {
      const payload = this.#payload
      if (payload === undefined) throw malformed('header', `cut off after ${this.#preamble.length} bytes`)
      const rest = this.#chunker.rest()
      if (this.#hasLastChunk && rest.length > 0) throw bytesAfterTheLast()
      return this.#hasLastChunk ? [] : [openLast(payload, rest)]
    })
  }

  #openChunks(payload: Payload, sealed: Buffer): Buffer[] {
    return Array.from(this.#chunker.cut(sealed), (chunk) => this.#openChunk(payload, chunk))
  }

  /** A chunk of full length is seldom the last one, but can be. */
  #openChunk(payload: Payload, chunk: Buffer): Buffer {
    if (this.#hasLastChunk) throw bytesAfterTheLast()
    const plaintext = payload.open(chunk, false)
    if (plaintext !== undefined) return plaintext
    const last = payload.open(chunk, true)
    if (last === undefined) throw malformed('payload', `chunk ${payload.index} is not authentic`)
    this.#hasLastChunk = true
    return last
  }

  #unlessFailed(open: () => Buffer[]): Buffer[] {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return open()
    } catch (error) {
      this.#failure = failureFrom(error, 'INTERNAL', 'opening an age file')
      throw this.#failure
    }
  }
}

/** The file key of a header that parses, has a stanza for one of the identities, and is authentic under that key. */
function openHeader(bytes: Buffer, identities: readonly Identity[]): Buffer {
  const header = parseHeader(bytes)
  const fileKey = unwrapFileKey(header.stanzas, identities)
  if (fileKey === undefined) {
    const found = `none of ${header.stanzas.length} recipients is one of our ${identities.length} keys`
    throw new Failure('AGE_NO_KEY', `opening an age file: ${found}`)
  }
  if (!isAuthentic(header, fileKey)) throw malformed('header', 'its MAC does not fit: the header was changed')
  return fileKey
}

/** Opens the rest of the file, which must be the last chunk. It is empty only if the whole payload is empty. */
function openLast(payload: Payload, rest: Buffer): Buffer {
  const { index } = payload
  if (rest.length === 0) throw malformed('payload', `cut off after ${index} chunks`)
  if (rest.length === TAG_BYTES && index > 0) throw malformed('payload', 'an empty chunk at its end')
  const plaintext = payload.open(rest, true)
  if (plaintext === undefined) throw malformed('payload', `chunk ${index} is cut off, or is not authentic`)
  return plaintext
}

function bytesAfterTheLast(): Failure {
  return malformed('payload', 'bytes after its last chunk')
}

function malformed(part: 'header' | 'payload', found: string): Failure {
  return new Failure('AGE_FORMAT', `reading an age ${part}: ${found}`)
}
