import { readFile } from 'node:fs/promises'
import { Failure, systemCode } from '../../platform/failure.ts'

const LIMIT_CHARACTERS = 4096

/** Reads the first line of a file that holds a secret. Throws MESSAGE_UNSENT, which names the file only. */
export async function readSecret(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Failure('MESSAGE_UNSENT', `reading ${path}: ${systemCode(error) ?? 'it cannot be read'}`)
  })
  const line = text.split('\n', 1)[0]?.trim() ?? ''
  if (line === '' || line.length > LIMIT_CHARACTERS)
    throw new Failure('MESSAGE_UNSENT', `reading ${path}: its first line is empty or too long`)
  return line
}

/** Reads the address of a webhook. Throws MESSAGE_UNSENT. */
export async function readAddress(path: string): Promise<URL> {
  const line = await readSecret(path)
  const url = URL.canParse(line) ? new URL(line) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Failure('MESSAGE_UNSENT', `reading ${path}: its first line is not an http or https address`)
  return url
}
