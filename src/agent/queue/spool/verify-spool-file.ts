import { Failure } from '../../../platform/failure.ts'
import { TRAILER_BYTES } from '../../../protocol/spool-file.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import { digestOf } from './digest-of.ts'
import type { Spool } from './spool.ts'
import { spoolFileFailure } from './spool-file-failure.ts'

/** The expected properties of a spool file. */
export interface ExpectedSpoolFile {
  ulid: Ulid
  /** Length of the whole file, including the trailer. */
  bytes: number
  /** Set if the index knows it: a file that is consistent in itself may still be another one. */
  sealedSha256?: string
}

/**
 * Reads a whole spool file and returns SPOOL_FILE_MISSING or SPOOL_FILE_DAMAGED, or undefined if every byte is as it
 * was sealed. `pause` is awaited before each MiB. Throws for faults unrelated to the file, such as a lack of
 * descriptors.
 */
export async function verifySpoolFile(
  spool: Spool,
  expected: ExpectedSpoolFile,
  pause: (bytes: number) => Promise<void> | undefined = () => undefined,
): Promise<Failure | undefined> {
  const { ulid, bytes } = expected
  const wrongLength = await spool.lengthFailure(ulid, bytes)
  if (wrongLength !== undefined) return wrongLength
  try {
    const { trailer } = await spool.read(ulid)
    await using image = await spool.openImage(ulid)
    const sealedSha256 = await digestOf(image, bytes - TRAILER_BYTES, pause)
    const sealedWith = expected.sealedSha256 ?? trailer.sealedSha256
    if (sealedSha256 === sealedWith && trailer.sealedSha256 === sealedWith) return undefined
    return damaged(ulid, 'it no longer has the digest that it was sealed with')
  } catch (error) {
    const failure = spoolFileFailure(error, `looking at ${ulid}`)
    if (failure.code === 'SPOOL_FILE_INVALID') return damaged(ulid, failure.message)
    if (failure.code === 'SPOOL_FILE_DAMAGED' || failure.code === 'SPOOL_FILE_MISSING') return failure
    throw failure
  }
}

function damaged(ulid: Ulid, found: string): Failure {
  return new Failure('SPOOL_FILE_DAMAGED', `looking at ${ulid}: ${found}`)
}
