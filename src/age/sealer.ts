import { randomBytes } from 'node:crypto'
import { Failure } from '../platform/failure.ts'
import { FILE_KEY_BYTES, TAG_BYTES } from './aead.ts'
import { Chunker } from './chunker.ts'
import { encodeHeader } from './header.ts'
import { CHUNK_BYTES, PAYLOAD_NONCE_BYTES, Payload } from './payload.ts'
import type { Recipient } from './x25519-keys.ts'
import { wrapFileKey } from './x25519-stanza.ts'

/**
 * Seals one age file while its plaintext arrives. The file is {@link header}, then every buffer that {@link update} and
 * {@link final} answer, in that order. The buffers are fresh: nothing handed in is kept, nothing handed out is reused.
 */
export class Sealer {
  /** The header and the payload's nonce: the first bytes of the file. */
  readonly header: Buffer
  readonly #payload: Payload
  readonly #chunker = new Chunker(CHUNK_BYTES, { keepLast: true })
  #isFinal = false

  /** Throws SEAL_FAILED without a recipient: no key could open the file. */
  constructor(recipients: readonly Recipient[]) {
    if (recipients.length === 0) throw new Failure('SEAL_FAILED', 'sealing to nobody: no recipient given')
    const fileKey = randomBytes(FILE_KEY_BYTES)
    const nonce = randomBytes(PAYLOAD_NONCE_BYTES)
    const stanzas = recipients.map((recipient) => wrapFileKey(fileKey, recipient))
    this.header = Buffer.concat([encodeHeader(stanzas, fileKey), nonce])
    this.#payload = new Payload(fileKey, nonce)
  }

  /** The sealed chunks that `plaintext` completes; ciphertext and tag are buffers of their own, to save a copy. */
  update(plaintext: Buffer): Buffer[] {
    this.#checkOpen()
    const sealed: Buffer[] = []
    for (const chunk of this.#chunker.cut(plaintext)) sealed.push(...this.#payload.seal(chunk, false))
    return sealed
  }

  /** The last chunk, which is there even for an empty plaintext. Without it the file counts as cut off. */
  final(): Buffer[] {
    this.#checkOpen()
    this.#isFinal = true
    return this.#payload.seal(this.#chunker.rest(), true)
  }

  #checkOpen(): void {
    if (this.#isFinal) throw new Failure('INTERNAL', 'sealing an age file: it was final already')
  }
}

const VERSION_LINE_BYTES = 'age-encryption.org/v1\n'.length
/** `-> X25519 `, the share in base64, and the wrapped file key in base64, each with a line feed. */
const STANZA_BYTES = '-> X25519 '.length + 43 + 1 + 43 + 1
const MAC_LINE_BYTES = '--- '.length + 43 + 1

/** How long the age file over `plaintextBytes` bytes will be, to the byte. */
export function sealedBytes(plaintextBytes: number, recipientCount: number): number {
  const header = VERSION_LINE_BYTES + recipientCount * STANZA_BYTES + MAC_LINE_BYTES + PAYLOAD_NONCE_BYTES
  return header + plaintextBytes + Math.max(1, Math.ceil(plaintextBytes / CHUNK_BYTES)) * TAG_BYTES
}
