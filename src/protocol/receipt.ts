import { z } from 'zod'
import { signJws, verifyJws } from './jws.ts'
import { manifestInstanceSchema } from './manifest.ts'
import { parseJson } from './parse-json.ts'
import type { SigningKey, VerifyKey } from './signing-key.ts'
import { SUITE } from './spool-file.ts'
import { studyKeySchema } from './study-key.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * The state of the instance at the PACS behind the center. 'none': not meant for any PACS. 'waiting': it is handed on
 * later. 'held': the center's operator must look at it and release it. 'accepted': the PACS has it. 'refused': the PACS
 * refused it, or has something else in its place; the operator must act. 'unverified': the PACS says that it already
 * has this SOP instance, and its copy could not be compared.
 */
const pacsStateSchema = z.enum(['none', 'waiting', 'held', 'accepted', 'refused', 'unverified'])
export type PacsState = z.infer<typeof pacsStateSchema>

/** Digests and lengths are those that the center recomputed after its own durable store. */
const receiptInstanceSchema = manifestInstanceSchema.extend({ pacs: pacsStateSchema })

const fields = z.strictObject({
  format: z.literal('ferry-receipt/3'),
  suite: z.literal(SUITE),
  /** The center: its root key's fingerprint. */
  center: sha256,
  agent: sha256,
  study: studyKeySchema,
  version: z.int().positive(),
  part: z.int().positive(),
  parts: z.int().positive(),
  /** Digest of the JWS of the confirmed manifest. */
  manifest: sha256,
  receiptedAt: z.string(),
  /** Counts the center's receipts to this agent. */
  counter: z.int().positive(),
  /** Digest of the JWS of the previous receipt to the same agent; null for the first. */
  previous: sha256.nullable(),
  instances: z.array(receiptInstanceSchema).min(1),
})
const receiptSchema = fields.refine(({ counter, previous }) => (counter === 1) === (previous === null), {
  path: ['previous'],
  message: 'the first receipt follows none, each other one follows one',
})

export type ReceiptInstance = z.infer<typeof receiptInstanceSchema>
export type Receipt = z.infer<typeof receiptSchema>

export function signReceipt(receipt: Receipt, key: SigningKey): string {
  return signJws('ferry-receipt', receiptSchema.parse(receipt), key)
}

/** Throws SIGNATURE_INVALID or RECEIPT_INVALID. */
export function verifyReceipt(jws: string, keys: readonly VerifyKey[]): Receipt {
  return parseJson(
    verifyJws('ferry-receipt', jws, keys),
    receiptSchema,
    'RECEIPT_INVALID',
    'reading a receipt',
  )
}
