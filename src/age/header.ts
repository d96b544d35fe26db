import { createHmac, timingSafeEqual } from 'node:crypto'
import { Failure } from '../platform/failure.ts'
import { deriveKey } from './aead.ts'

/*
 * The header of an age file is text (age-encryption.org/v1, "ABNF definition of file header"):
 *
 *   version line, one or more stanzas, "--- " and the MAC of all before the space
 *
 * A stanza is an argument line, then base64 in full lines of 64 characters and one that is shorter, if only empty.
 */
const VERSION_LINE = 'age-encryption.org/v1'
const STANZA_START = '-> '
const COLUMNS = 64
const MAC_BYTES = 32
export const MAC_MARK = '---'
export const VERSION_START = `${VERSION_LINE}\n`

/** One way to the file key, in the header of an age file: the file key wrapped for one recipient. */
export interface Stanza {
  /** The recipient's type first, then what that type needs. */
  readonly arguments: readonly string[]
  readonly body: Buffer
}

interface Header {
  readonly stanzas: readonly Stanza[]
  readonly mac: Buffer
  /** The bytes that the MAC covers: from the version line up to and including the mark `---`. */
  readonly authenticated: Buffer
}

/** The whole header for these stanzas, under the MAC of the file key that they wrap. */
export function encodeHeader(stanzas: readonly Stanza[], fileKey: Buffer): Buffer {
  const authenticated = Buffer.from(`${VERSION_START}${stanzas.map(encodeStanza).join('')}${MAC_MARK}`)
  return Buffer.concat([authenticated, Buffer.from(` ${encodeBase64(headerMac(fileKey, authenticated))}\n`)])
}

/** Reads a header from its first byte to the line feed after its MAC; throws AGE_FORMAT for anything out of the grammar. */
export function parseHeader(bytes: Buffer): Header {
  const lines = bytes.toString('latin1').split('\n')
  if (lines.shift() !== VERSION_LINE) throw malformed('it does not begin with the line age-encryption.org/v1')
  if (lines.pop() !== '') throw malformed('it does not end with a line feed')
  const stanzas: Stanza[] = []
  for (let next = takeStanza(lines); next !== undefined; next = takeStanza(lines)) stanzas.push(next)
  if (stanzas.length === 0) throw malformed('no recipient stanza after the version line')
  const [macLine, ...more] = lines
  if (macLine === undefined || more.length > 0) {
    throw malformed('a line that belongs neither to a stanza nor to the MAC')
  }
  return {
    stanzas,
    mac: parseMacLine(macLine),
    authenticated: bytes.subarray(0, bytes.length - macLine.length - 1 + MAC_MARK.length),
  }
}

/** Whether the holder of the file key wrote this header, to the last byte. */
export function isAuthentic(header: Header, fileKey: Buffer): boolean {
  return timingSafeEqual(headerMac(fileKey, header.authenticated), header.mac)
}

/** Base64 (RFC 4648 §4) without padding, as age writes it in its header. */
export function encodeBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

/** The bytes of a canonical base64 text without padding; undefined for any other text (RFC 4648 §3.5). */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Node's decoder skips what it does not know: only what encodes back to itself was canonical.
  return encodeBase64(bytes) === text ? bytes : undefined
}

function headerMac(fileKey: Buffer, authenticated: Buffer): Buffer {
  const key = deriveKey(fileKey, Buffer.alloc(0), 'header')
  return createHmac('sha256', key).update(authenticated).digest()
}

function encodeStanza(stanza: Stanza): string {
  const body = encodeBase64(stanza.body)
  const lines = [STANZA_START + stanza.arguments.join(' ')]
  for (let at = 0; at <= body.length; at += COLUMNS) lines.push(body.slice(at, at + COLUMNS))
  return lines.map((line) => `${line}\n`).join('')
}

/** Takes one stanza's lines off the front; undefined, and nothing taken, if no stanza begins there. */
function takeStanza(lines: string[]): Stanza | undefined {
  if (!lines[0]?.startsWith(STANZA_START)) return undefined
  const words = lines.shift()?.slice(STANZA_START.length).split(' ') ?? []
  // argument = 1*VCHAR
  if (!words.every((word) => /^[\x21-\x7e]+$/.test(word))) {
    throw malformed('a stanza with an empty or unprintable argument')
  }
  return { arguments: words, body: takeBody(lines) }
}

/** Takes the lines of a stanza's body off the front, with the first that is not full. */
function takeBody(lines: string[]): Buffer {
  const base64 = lines.splice(0, 1 + lines.findIndex((line) => line.length < COLUMNS))
  if (base64.length === 0) throw malformed('a stanza without a short last line')
  if (base64.some((line) => line.length > COLUMNS)) {
    throw malformed(`a stanza line longer than ${COLUMNS} characters`)
  }
  const body = decodeBase64(base64.join(''))
  if (body === undefined) throw malformed('a stanza body that is not canonical base64')
  return body
}

function parseMacLine(line: string): Buffer {
  const start = `${MAC_MARK} `
  const mac = line.startsWith(start) ? decodeBase64(line.slice(start.length)) : undefined
  if (mac?.length !== MAC_BYTES) {
    throw malformed('its last line is not "---" and the base64 of a MAC of 32 bytes')
  }
  return mac
}

function malformed(found: string): Failure {
  return new Failure('AGE_FORMAT', `reading an age header: ${found}`)
}
