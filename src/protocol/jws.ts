import { createHash, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { hasCanonicalScalar } from './ed25519-point.ts'
import { parseJson } from './parse-json.ts'
import type { SigningKey, VerifyKey } from './signing-key.ts'

/** The purpose of a signature, as the `typ` of its header: a manifest can never be taken for a receipt. */
type JwsType = 'ferry-manifest' | 'ferry-receipt' | 'ferry-keys' | 'JWT'

const headerSchema = z.strictObject({ alg: z.literal('EdDSA'), kid: z.string(), typ: z.string() })

/** A compact JWS (RFC 7515 §3.1) with EdDSA over Ed25519 (RFC 8037 §3.1). */
export function signJws(type: JwsType, payload: object, key: SigningKey): string {
  const header = base64url(JSON.stringify({ alg: 'EdDSA', kid: key.kid, typ: type }))
  const signed = `${header}.${base64url(JSON.stringify(payload))}`
  return `${signed}.${sign(null, Buffer.from(signed, 'ascii'), key.signer).toString('base64url')}`
}

/**
 * Returns the payload of a compact JWS whose signature is valid under the key in `keys` that its `kid` names. Throws
 * SIGNATURE_INVALID for any other algorithm, type or key, and for an invalid signature.
 */
export function verifyJws(type: JwsType, jws: string, keys: readonly VerifyKey[]): string {
  const { header, signed, payload, signature } = split(jws)
  if (header.typ !== type) throw invalid(`its type is ${header.typ}, expected ${type}`)
  const key = keys.find((candidate) => candidate.kid === header.kid)
  if (key === undefined)
    throw invalid(`it names the key ${header.kid.slice(0, 20)}, which is not one that is trusted here`)
  // Some libraries would accept S + L in place of S: one statement would then have two digests.
  if (
    !hasCanonicalScalar(signature) ||
    !verify(null, Buffer.from(signed, 'ascii'), key.verifier, signature)
  ) {
    throw invalid('the signature does not hold')
  }
  return canonicalBytes(payload).toString('utf8')
}

/** Returns the key that a JWS names as its signing key; nothing is verified yet. */
export function claimedKid(jws: string): string {
  return split(jws).header.kid
}

/** SHA-256 of the compact form, lower-case hex, by which one signed statement refers to another. */
export function jwsDigest(jws: string): string {
  return createHash('sha256').update(jws, 'ascii').digest('hex')
}

function split(jws: string) {
  const parts = jws.split('.')
  const [header, payload, signature] = parts
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw invalid('it does not have three parts')
  }
  return {
    header: parseJson(
      canonicalBytes(header).toString('utf8'),
      headerSchema,
      'SIGNATURE_INVALID',
      'reading the header of a signed statement',
    ),
    signed: `${header}.${payload}`,
    payload,
    signature: canonicalBytes(signature),
  }
}

/** Bytes have one spelling in base64url (RFC 4648 §3.5); another one would be another digest of the same statement. */
function canonicalBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw invalid('it is not spelled in canonical base64url')
  return bytes
}

const base64url = (text: string): string => Buffer.from(text, 'utf8').toString('base64url')

function invalid(found: string): Failure {
  return new Failure('SIGNATURE_INVALID', `checking a signed statement: ${found}`)
}
