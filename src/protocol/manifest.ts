import { z } from 'zod'
import { jwsDigest, signJws, verifyJws } from './jws.ts'
import { parseJson } from './parse-json.ts'
import type { SigningKey, VerifyKey } from './signing-key.ts'
import { SUITE } from './spool-file.ts'
import { studyKeySchema } from './study-key.ts'
import { ulidSchema } from './ulid.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const manifestInstanceSchema = z.strictObject({
  ulid: ulidSchema,
  sopInstanceUid: z.string().max(128),
  transferSyntaxUid: z.string().max(128),
  dataSetBytes: z.int().nonnegative(),
  dataSetSha256: sha256,
  sealedBytes: z.int().positive(),
  sealedSha256: sha256,
})

const fields = z.strictObject({
  format: z.literal('ferry-manifest/3'),
  suite: z.literal(SUITE),
  /** The agent: its signing key's fingerprint. */
  agent: sha256,
  /** The Study Instance UID, or a filing's key. */
  study: studyKeySchema,
  /** 1, 2, …: a late instance reopens the study as the next version. */
  version: z.int().positive(),
  /** 1 to `parts`: a large study is listed in several manifests, each with its own receipt. */
  part: z.int().positive(),
  parts: z.int().positive(),
  /** Digest of the JWS of the previous part, or of the last part of the previous version; null for the first of all. */
  previous: sha256.nullable(),
  createdAt: z.string(),
  /** Number of instances of the study that wait for an operator in the clinic and are not listed. */
  heldCount: z.int().nonnegative(),
  instances: z.array(manifestInstanceSchema).min(1),
})
const manifestSchema = fields.refine(({ part, parts }) => part <= parts, {
  path: ['part'],
  message: 'there is no such part',
})

/**
 * Number of instances that an agent lists in one part: 0.5 MiB, signed or checked in some 5 ms. The center accepts
 * thirty times as many bytes, so no part is ever too large for it.
 */
export const PART_INSTANCES = 1000

export type ManifestInstance = z.infer<typeof manifestInstanceSchema>

/**
 * A part of the list of all instances of one study that the agent has sent and needs a receipt for; the parts of a
 * version together list all of them.
 */
export type Manifest = z.infer<typeof manifestSchema>

export function signManifest(manifest: Manifest, key: SigningKey): { jws: string; digest: string } {
  const jws = signJws('ferry-manifest', manifestSchema.parse(manifest), key)
  return { jws, digest: jwsDigest(jws) }
}

/** Throws SIGNATURE_INVALID or MANIFEST_INVALID. */
export function verifyManifest(jws: string, keys: readonly VerifyKey[]): Manifest {
  return parseJson(
    verifyJws('ferry-manifest', jws, keys),
    manifestSchema,
    'MANIFEST_INVALID',
    'reading a manifest',
  )
}
