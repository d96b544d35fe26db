import { Opener } from '../../../src/age/opener.ts'
import { Sealer } from '../../../src/age/sealer.ts'
import type { Identity, Recipient } from '../../../src/age/x25519-keys.ts'
import { Failure } from '../../../src/platform/failure.ts'

/** The bytes in pieces of these lengths, the last length repeated until nothing is left. */
export function piecesOf(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i] ?? lengths.at(-1) ?? bytes.length
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** A whole age file over `plaintext`, which is handed in piece by piece, each from a buffer that is used again. */
export function sealAgeFile(
  plaintext: Buffer,
  recipients: readonly Recipient[],
  pieceLengths = [plaintext.length],
): Buffer {
  const sealer = new Sealer(recipients)
  const sealed = [sealer.header]
  for (const piece of piecesOf(plaintext, pieceLengths)) {
    const passing = Buffer.from(piece)
    sealed.push(...sealer.update(passing))
    passing.fill(0xff)
  }
  return Buffer.concat([...sealed, ...sealer.final()])
}

export interface Opened {
  /** The bytes that were handed out, up to the failure if there was one. */
  plaintext: Buffer
  failure: Failure | undefined
}

/** Returns the result of an opener for a file that comes in these pieces; fails only for errors that are not a Failure. */
export function openAgeFile(file: Buffer, identities: readonly Identity[], pieceLengths = [1000]): Opened {
  const opener = new Opener(identities)
  const plaintext: Buffer[] = []
  try {
    for (const piece of piecesOf(file, pieceLengths)) plaintext.push(...opener.update(Buffer.from(piece)))
    plaintext.push(...opener.final())
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { plaintext: Buffer.concat(plaintext), failure: error }
  }
  return { plaintext: Buffer.concat(plaintext), failure: undefined }
}
