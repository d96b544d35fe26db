import type { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { parseJson } from './parse-json.ts'

/**
 * Parses a key file that Ferry wrote as JSON. Throws KEY_FILE_INVALID, whose message names the file and distinguishes
 * an empty file, a cut file, and a file with another kind of key. It never shows content.
 */
export function parseKeyFile<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  { path, what }: { readonly path: string; readonly what: string },
): z.infer<Schema> {
  const found = strangeContent(text)
  if (found !== undefined)
    throw new Failure('KEY_FILE_INVALID', `reading ${path}: the file ${found}, and ${what} is expected there`)
  const value: unknown = JSON.parse(text)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const other = otherPurpose(value)
  if (other !== undefined && other !== what)
    throw new Failure(
      'KEY_FILE_INVALID',
      `reading ${path}: the file holds ${other}, and ${what} is expected there`,
    )
  return parseJson(text, schema, 'KEY_FILE_INVALID', `reading ${path}: ${what} is expected there`)
}

/** Describes the content of a file that is not whole JSON. */
function strangeContent(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (/^[\s\0]*$/.test(text)) return 'holds only zeros or blanks'
  const known = OTHER_TEXTS.find(({ pattern }) => pattern.test(text))
  if (known !== undefined) return `holds ${known.what}`
  try {
    JSON.parse(text)
    return undefined
  } catch {
    const isCut = text.trimStart().startsWith('{') && !text.trimEnd().endsWith('}')
    return isCut
      ? `is cut off after ${Buffer.byteLength(text)} bytes`
      : 'holds no key of Ferry: it is not JSON'
  }
}

const OTHER_TEXTS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^\s*-----BEGIN /, what: 'PEM (a certificate or its key)' },
  { pattern: /^age-encryption\.org\//, what: 'a file that is encrypted with age' },
  { pattern: /^\s*(#[^\n]*\n\s*)*AGE-SECRET-KEY-1/, what: 'an age key' },
  { pattern: /^[0-9a-f]{64}\s*$/i, what: 'a project key or display key' },
]

const PURPOSES: Readonly<Record<string, string>> = {
  'ferry-enrolment/1': 'the address and keys of a center',
  'ferry-center-keys/2': 'the keys of a center',
  'ferry-identity/1': 'the note of an identity',
}

function otherPurpose(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const format: unknown = Reflect.get(value, 'format')
  if (typeof format === 'string' && Object.hasOwn(PURPOSES, format)) return PURPOSES[format]
  return Object.hasOwn(value, 'signingSeed') ? "an agent's key" : undefined
}
