import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from './durable-file.ts'
import { failureFrom } from './failure.ts'

const PROOF_BYTES = 512

/**
 * Writes, syncs and removes a small file in a folder. Throws STORAGE_ERROR if the disk does not do that. A full disk
 * passes: it answers, and it is a condition of its own.
 */
export async function proveWritable(folder: string): Promise<void> {
  const path = join(folder, 'self-check')
  // An earlier run may have been killed here.
  await unlink(path).catch(() => {})
  try {
    await writeDurably(path, Buffer.alloc(PROOF_BYTES))
    await unlink(path).catch(() => {})
  } catch (error) {
    const failure = failureFrom(error, 'STORAGE_ERROR', `trying the disk of ${folder}`)
    if (failure.code !== 'STORAGE_FULL') throw failure
  }
}
