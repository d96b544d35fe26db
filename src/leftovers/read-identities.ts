import { readFileSync } from 'node:fs'
import { TextDecoder } from 'node:util'
import { Failure, systemCode } from '../platform/failure.ts'
import type { WantedIdentity } from './leftover-search.ts'

const LONGEST_LINE = 200

/**
 * Identities, one a line; empty lines and those that begin with # are skipped. UTF-8, or GB18030 as Windows' editors write in
 * China. Throws FILE_UNREADABLE with what is wrong, never with a line's text.
 */
export function readIdentities(path: string): WantedIdentity[] {
  const lines = decode(read(path)).split(/\r?\n/)
  const identities = lines
    .map((text, i) => ({ line: i + 1, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  if (identities.length === 0)
    throw new Failure('FILE_UNREADABLE', 'reading the identities: the file holds none')
  const long = identities.find(({ text }) => text.length > LONGEST_LINE)
  if (long === undefined) return identities
  throw new Failure(
    'FILE_UNREADABLE',
    `reading the identities: line ${long.line} has more than ${LONGEST_LINE} characters`,
  )
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Failure('FILE_UNREADABLE', `reading the identities: ${systemCode(error) ?? 'unreadable'}`, {
      cause: error,
    })
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}
