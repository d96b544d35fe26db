import { Failure } from '../platform/failure.ts'
import { checkedGroups, meantLetters, readGroups, symbolsOf } from './code-letters.ts'

/** Symbols of 5 bits each: 100 bits identify the center, and 100 random bits are good once. */
const VERIFIER_SYMBOLS = 20
const TOKEN_SYMBOLS = 20
/** Letters with their check symbols. */
const LETTERS = ((VERIFIER_SYMBOLS + TOKEN_SYMBOLS) / 4) * 5

const READING = 'reading the join code'

/** The code that the center's operator gives to the clinic: an address, a short identity, and a secret. */
export interface JoinCode {
  /** The center's address, https://host:port. */
  readonly url: string
  /** The first 100 bits of the fingerprint of the center's root key, as 20 symbols: see {@link verifierOf}. */
  readonly verifier: string
  /** Works once: 20 symbols. */
  readonly token: string
}

/** The part of a root key's fingerprint (hex) that a join code contains. */
export function verifierOf(fingerprint: string): string {
  return symbolsOf(Buffer.from(fingerprint, 'hex'), VERIFIER_SYMBOLS)
}

/** Makes a token of 13 random bytes, of which it uses 100 bits. */
export function joinToken(random: Uint8Array): string {
  return symbolsOf(random, TOKEN_SYMBOLS)
}

/** `host:port/`, then ten groups of five: `imaging.example.org:8443/7K3QX-…`. */
export function encodeJoinCode({ url, verifier, token }: JoinCode): string {
  const address = url.replace(/^https:\/\//, '').replace(/\/$/, '')
  return `${address}/${checkedGroups(verifier + token).join('-')}`
}

/**
 * Reads a pasted or typed code. Ignores white space, line breaks and the case, and takes O for 0, I and L for 1, and
 * the wide letters of a Chinese keyboard for what they mean. Throws JOIN_CODE_INVALID, whose message never repeats the
 * secret.
 */
export function parseJoinCode(text: string): JoinCode {
  const code = text.normalize('NFKC').replace(/\s+/g, '')
  const slash = code.lastIndexOf('/')
  const url = urlOf(code.slice(0, Math.max(0, slash)))
  if (url === undefined)
    throw invalid(
      "it begins with the center's address and a slash, such as imaging.example.org:8443/7K3QX-…: copy all of it",
    )
  const letters = meantLetters(code.slice(slash + 1))
  const read = readGroups(letters)
  if (letters.length < LETTERS && (!('wrongGroup' in read) || read.wrongGroup * 5 > letters.length))
    throw invalid(`it has ${letters.length} of ${LETTERS} letters after the address: copy all of it`)
  if ('wrongGroup' in read) throw invalid(`group ${read.wrongGroup} of ten has a typing error`)
  if (letters.length > LETTERS)
    throw invalid(`it has ${letters.length} letters after the address, and ${LETTERS} are a whole code`)
  const { symbols } = read
  return { url, verifier: symbols.slice(0, VERIFIER_SYMBOLS), token: symbols.slice(VERIFIER_SYMBOLS) }
}

/** The address as an origin with perhaps a path; undefined if it is not one. */
function urlOf(address: string): string | undefined {
  const text = `https://${address.replace(/^https:\/\//i, '')}`
  if (address === '' || text.lastIndexOf('://') > 5 || !URL.canParse(text)) return undefined
  const { protocol, host, pathname, username, password, search, hash } = new URL(text)
  const isPlain = protocol === 'https:' && username + password + search + hash === ''
  return isPlain && host !== '' ? `https://${host}${pathname.replace(/\/$/, '')}` : undefined
}

function invalid(found: string): Failure {
  return new Failure('JOIN_CODE_INVALID', `${READING}: ${found}`)
}
