import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import * as cctvAge from 'cctv-age'
import { generateIdentity, parseIdentity } from '../../src/age/x25519-keys.ts'
import { type Opened, openAgeFile } from '../support/instances/age-file.ts'

interface Vector {
  readonly name: string
  readonly expect: string
  readonly payloadSha256: string | undefined
  readonly identities: readonly string[]
  readonly file: Buffer
}

/** Vectors for what Ferry leaves out of age; that we refuse such a file is all there is to check. */
const LEFT_OUT = [
  ['armor', 'Ferry writes and reads binary files only'],
  ['scrypt', 'Ferry seals to keys, never to a passphrase'],
  ['hybrid', "Debian's age cannot read the ML-KEM type yet"],
] as const

/** Meant for whoever knows both types; one that knows X25519 alone ignores the scrypt stanza, as it has to. */
const NOT_APPLICABLE = 'scrypt_and_x25519'

/** By its file key and its X25519 stanza this one is ours, whatever its name says. */
const OURS_AFTER_ALL = 'hybrid_x25519_arg'

const vectors = Object.entries(cctvAge as unknown as Record<string, Uint8Array>)
  .map(([name, bytes]) => parseVector(name, Buffer.from(bytes)))
  .filter(({ name }) => name !== NOT_APPLICABLE)
const isLeftOut = ({ name }: Vector): boolean =>
  name !== OURS_AFTER_ALL && LEFT_OUT.some(([prefix]) => name.startsWith(prefix))
const ours = vectors.filter((vector) => !isLeftOut(vector))

test('the collection is all there: a run that checks nothing would fail here', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(133)
  expect(ours.length).toBeGreaterThanOrEqual(65)
  const kinds = new Set(ours.map((vector) => vector.expect))
  expect(kinds).toEqual(new Set(['success', 'no match', 'header failure', 'HMAC failure', 'payload failure']))
})

describe('C2SP test vectors', () => {
  test.each(ours)('the C2SP vector $name ends in: $expect', (vector) => {
    const opened = openVector(vector)
    expect(outcome(opened)).toBe(vector.expect)
    expect(sha256(opened.plaintext)).toBe(vector.payloadSha256 ?? sha256(Buffer.alloc(0)))
  })
})

describe.each(LEFT_OUT)('vectors named %s, left out because %s', (prefix, _reason) => {
  const leftOut = vectors.filter((vector) => isLeftOut(vector) && vector.name.startsWith(prefix))

  test.each(leftOut)('the vector $name, which was left out, is refused', (vector) => {
    const { plaintext, failure } = openVector(vector)
    expect(failure?.code).toMatch(/^AGE_(FORMAT|NO_KEY)$/)
    expect(plaintext).toHaveLength(0)
  })
})

/** In pieces smaller than a chunk: what is authentic is handed out before what follows it fails. */
function openVector({ file, identities }: Vector): Opened {
  const known = identities.filter((text) => !text.startsWith('AGE-SECRET-KEY-PQ-'))
  const keys = known.length > 0 ? known : [generateIdentity().identity]
  return openAgeFile(file, keys.map(parseIdentity), [4099])
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The collection's word for how an opener ended. */
function outcome({ failure }: Opened): string {
  if (failure === undefined) return 'success'
  if (failure.code === 'AGE_NO_KEY') return 'no match'
  if (/its MAC does not fit/.test(failure.message)) return 'HMAC failure'
  const part = /reading an age (header|payload)/.exec(failure.message)?.[1]
  return `${part ?? failure.message} failure`
}

/** Lines of "key: value", an empty line, the file (README of C2SP/CCTV/age, "Test file format"). */
function parseVector(name: string, bytes: Buffer): Vector {
  const end = bytes.indexOf('\n\n')
  const lines = bytes.toString('utf8', 0, end).split('\n')
  const values = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2))
  const body = bytes.subarray(end + 2)
  return {
    name,
    expect: values('expect')[0] ?? '',
    payloadSha256: values('payload')[0],
    identities: values('identity'),
    file: values('compressed')[0] === 'zlib' ? inflateSync(body) : body,
  }
}
