import { existsSync } from 'node:fs'
import { writeDurably } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'

/** A recovery key: `recipient` (age1…) is public, `identity` (AGE-SECRET-KEY-1…) opens every instance. */
export interface RecoveryKey {
  readonly identity: string
  readonly recipient: string
}

/**
 * Writes a recovery key to a new file of mode 0600 that `age --identity` reads. The file is on the disk when this
 * returns. Throws FILE_EXISTS if the name exists; the existing file is not changed.
 */
export async function writeRecoveryKeyFile(
  path: string,
  { identity, recipient }: RecoveryKey,
): Promise<void> {
  if (existsSync(path)) throw new Failure('FILE_EXISTS', `${path} is there already and stays as it is`)
  await writeDurably(path, `# public key: ${recipient}\n${identity}\n`)
}
