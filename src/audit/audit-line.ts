import { createHash, sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { SigningKey, VerifyKey } from '../protocol/signing-key.ts'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

const lineSchema = z.strictObject({
  sequence: z.int().positive(),
  /** SHA-256 of the line before, without its line break; zeros before the first. */
  previous: hex,
  /** Ed25519 over the other three, base64url. */
  signature: z.string(),
  /** PS3.15 A.5.1.1. */
  message: z.string(),
})

/** One line of the audit trail. */
type AuditLine = Readonly<z.infer<typeof lineSchema>>

/** The digest before the first line. */
export const NOTHING_BEFORE = '0'.repeat(64)

export const digestOf = (line: string): string => createHash('sha256').update(line, 'utf8').digest('hex')

/** Makes a line, without its line break. */
export function makeLine(part: Omit<AuditLine, 'signature'>, key: SigningKey): string {
  const signature = sign(null, signedOf(part), key.signer).toString('base64url')
  const { sequence, previous, message } = part
  return JSON.stringify({ sequence, previous, signature, message } satisfies AuditLine)
}

/** Returns undefined for text that is not a line in the one spelling that {@link makeLine} gives it. */
export function parseLine(text: string): AuditLine | undefined {
  try {
    const line = lineSchema.safeParse(JSON.parse(text)).data
    if (line === undefined) return undefined
    const { sequence, previous, signature, message } = line
    if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) return undefined
    return JSON.stringify({ sequence, previous, signature, message }) === text ? line : undefined
  } catch {
    return undefined
  }
}

export const isLineSigned = (line: AuditLine, key: VerifyKey): boolean =>
  verify(null, signedOf(line), key.verifier, Buffer.from(line.signature, 'base64url'))

const signedOf = ({ sequence, previous, message }: Omit<AuditLine, 'signature'>): Buffer =>
  Buffer.from(`ferry-audit-line\n${sequence}\n${previous}\n${message}`, 'utf8')

/** The end of the trail: the last line, and its digest. */
export interface AuditEnd {
  readonly sequence: number
  readonly digest: string
}

export const signEnd = (end: AuditEnd, key: SigningKey): string =>
  sign(null, endOf(end), key.signer).toString('base64url')

export const isEndSigned = (end: AuditEnd, signature: string, key: VerifyKey): boolean =>
  verify(null, endOf(end), key.verifier, Buffer.from(signature, 'base64url'))

const endOf = ({ sequence, digest }: AuditEnd): Buffer =>
  Buffer.from(`ferry-audit-end\n${sequence}\n${digest}`, 'utf8')
