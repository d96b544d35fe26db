import { Failure } from '../platform/failure.ts'

/**
 * Returns what a reader says is wrong with a file, without "reading a JPEG:" before it; undefined if it can read it. A file
 * that is only too large for Ferry is whole.
 */
export async function problemOf(read: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await read()
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.code === 'MEDIA_DAMAGED' ? error.message.replace(/^[^:]*: /, '') : undefined
  }
}
