import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDurably } from '../../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../../platform/failure.ts'
import { checkPrivateFile } from '../../../platform/private-file.ts'

const NAME = 'derive.key'
const BYTES = 32

/**
 * Opens the agent's secret for derived UIDs and digests of paths, and makes it at the first use. It is apart from the index:
 * if the index is lost, the same files become the same instances again. A damaged file is never replaced, since other UIDs
 * would follow from another secret. Throws KEY_FILE_INVALID and STORAGE_ERROR.
 */
export async function openUidSecret(keysFolder: string): Promise<Buffer> {
  const path = join(keysFolder, NAME)
  const attempted = 'reading the secret for derived UIDs'
  checkPrivateFile(path, attempted)
  const text = readIfThere(path) ?? (await make(keysFolder, path))
  const secret = Buffer.from(text.trim(), 'base64url')
  if (secret.length === BYTES) return secret
  throw new Failure(
    'KEY_FILE_INVALID',
    `${attempted}: ${path} does not hold ${BYTES} bytes: bring it back from the backup`,
  )
}

async function make(keysFolder: string, path: string): Promise<string> {
  mkdirSync(keysFolder, { recursive: true, mode: 0o700 })
  const text = `${randomBytes(BYTES).toString('base64url')}\n`
  await createDurably(path, text)
  return text
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `reading ${path}`)
  }
}
