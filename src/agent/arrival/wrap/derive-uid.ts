import { createHmac } from 'node:crypto'

/**
 * Returns a UID of the form 2.25.UUID (PS3.5 §B.2) that follows from its parts alone, so that it is the same again after
 * the index was lost. The secret of the agent keeps anyone who sees the UID from trying names and numbers of patients.
 */
export function deriveUid(secret: Buffer, ...parts: readonly string[]): string {
  const hmac = createHmac('sha256', secret)
  // The length of a part before it: "ab", "c" and "a", "bc" differ.
  for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:${part}`)
  const uuid = hmac.digest().subarray(0, 16)
  // Version 8 and variant of RFC 9562 §5.8: a UUID whose other bits have a meaning of our own.
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6)
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8)
  return `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`
}

/**
 * Returns the Study Instance UID for files that no order claims: the same for one folder, patient and day. `day` has the
 * form YYYYMMDD.
 */
export function deriveStudyUid(
  secret: Buffer,
  folder: string,
  patient: { readonly id: string; readonly issuer?: string },
  day: string,
): string {
  return deriveUid(secret, 'study', folder, patient.id, patient.issuer ?? '', day)
}
