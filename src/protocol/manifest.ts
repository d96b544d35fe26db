import { z } from 'zod'
import { jwsDigest, signJws, verifyJws } from './jws.ts'
import { parseJson } from './parse-json.ts'
import type { SigningKey, VerifyKey } from './signing-key.ts'
import { SUITE } from './spool-file.ts'
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

const manifestSchema = z.strictObject({
  format: z.literal('ferry-manifest/1'),
  suite: z.literal(SUITE),
  /** The agent: its signing key's fingerprint. */
  agent: sha256,
  study: z.string().max(128),
  /** 1, 2, …: a late instance reopens the study as the next version. */
  version: z.int().positive(),
  /** Digest of the previous version's JWS; null for the first. */
  previous: sha256.nullable(),
  createdAt: z.string(),
  /** Instances of the study that wait for an operator in the clinic and are not listed. */
  heldCount: z.int().nonnegative(),
  instances: z.array(manifestInstanceSchema).min(1),
})

export type ManifestInstance = z.infer<typeof manifestInstanceSchema>

/** Everything of one study that the agent has sent and wants to be receipted; each version lists all of it. */
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
