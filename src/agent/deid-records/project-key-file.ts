import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { writeDurably } from '../../platform/durable-file.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import { ProjectKey } from '../deidentify/rules/project-key.ts'

const KEY_BYTES = 32

/** Makes a project key: 32 random bytes in hex, mode 0600. Throws KEY_FILE_INVALID if the file exists. */
export async function makeProjectKey(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined))
    throw new Failure('KEY_FILE_INVALID', `making a project key: ${path} is there already and stays as it is`)
  await writeDurably(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`)
}

/** Reads 32 bytes, raw or in hex. Throws KEY_FILE_INVALID, also if users other than the owner can read them. */
export async function readProjectKey(path: string): Promise<ProjectKey> {
  const attempted = `reading the project key ${path}`
  try {
    checkPrivateFile(path, 'reading the project key')
    return new ProjectKey(keyBytes(await readFile(path), attempted))
  } catch (error) {
    throw failureFrom(error, 'KEY_FILE_INVALID', attempted)
  }
}

function keyBytes(content: Buffer, attempted: string): Buffer {
  if (content.length === KEY_BYTES) return content
  const text = content.toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  throw new Failure('KEY_FILE_INVALID', `${attempted}: neither 32 bytes nor 64 hexadecimal digits`)
}
