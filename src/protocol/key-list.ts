import { z } from 'zod'
import { signJws, verifyJws } from './jws.ts'
import { parseJson } from './parse-json.ts'
import { type SigningKey, type VerifyKey, verifyKeyFromText } from './signing-key.ts'

/** Versions are seconds since 1970, or one more than the last: this limit leaves 30,000 years. */
export const HIGHEST_LIST_VERSION = 2 ** 40

const keyListSchema = z.strictObject({
  format: z.literal('ferry-keys/1'),
  /** The root key's fingerprint. */
  center: z.string().regex(/^[0-9a-f]{64}$/),
  centerName: z.string(),
  /** An agent never accepts a lower one than before. */
  version: z.int().positive().max(HIGHEST_LIST_VERSION),
  issuedAt: z.string(),
  /** age recipients; instances for the center are sealed to all of them. */
  seal: z.array(z.strictObject({ recipient: z.string(), role: z.enum(['center', 'recovery']) })).min(1),
  /** Ed25519 public keys in base64url that may sign receipts. */
  sign: z.array(z.string()).min(1),
  /** SHA-256 of the SubjectPublicKeyInfo of TLS keys that the center may show, base64url. */
  tlsPins: z.array(z.string()).min(1),
})

/** The center's keys, signed by its root key, whose fingerprint came with the join code. */
export type KeyList = z.infer<typeof keyListSchema>

/** The root public key is sent with the list, since only its fingerprint is pinned. */
export interface SignedKeyList {
  rootKey: string
  jws: string
}

export function signKeyList(list: KeyList, root: SigningKey): SignedKeyList {
  return {
    rootKey: root.publicKey.toString('base64url'),
    jws: signJws('ferry-keys', keyListSchema.parse(list), root),
  }
}

/** Throws SIGNATURE_INVALID unless the list is signed by the root key with the given fingerprint. */
export function verifyKeyList(signed: SignedKeyList, rootFingerprint: string): KeyList {
  const root = verifyKeyFromText(signed.rootKey)
  const trusted = root.kid === rootFingerprint ? [root] : []
  return parseJson(
    verifyJws('ferry-keys', signed.jws, trusted),
    keyListSchema,
    'SIGNATURE_INVALID',
    'reading a key list',
  )
}

export function receiptKeys(list: KeyList): VerifyKey[] {
  return list.sign.map(verifyKeyFromText)
}
