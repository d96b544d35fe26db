import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { parseJson } from './parse-json.ts'
import { studyKeySchema } from './study-key.ts'
import { ulidSchema } from './ulid.ts'

/*
 * A pack is what travels: whole spool files of one study, one after another (docs/protocol.md, "Pack"):
 *
 *   magic 8 | version u16 | reserved u16 | length u32 | SHA-256 32 | JSON in UTF-8 | spool file | spool file | …
 *
 * Numbers are big-endian. The digest covers the 16 bytes before it and the JSON. A head that does not have its digest was
 * damaged after the agent wrote it; a head that has it is what the agent meant. The same members in the same order are
 * the same bytes, so an upload can be resumed after a restart from nothing but the written-down member list.
 */
const MAGIC = Buffer.from('FERRYPAK', 'latin1')
const VERSION = 2
const DIGEST_AT = 16
const HEAD_BYTES = 48
/** Room for some 50,000 members. */
const LIST_LIMIT_BYTES = 4 * 1024 * 1024

const headerSchema = z.strictObject({
  pack: ulidSchema,
  study: studyKeySchema,
  members: z.array(z.strictObject({ ulid: ulidSchema, bytes: z.int().positive() })).min(1),
})

/** `study` is the Study Instance UID, or a filing's key (study-key.ts); `bytes` are whole spool files', trailers included. */
export type PackHeader = z.infer<typeof headerSchema>

export function encodePackHeader(header: PackHeader): Buffer {
  const body = Buffer.from(JSON.stringify(headerSchema.parse(header)), 'utf8')
  const head = Buffer.alloc(HEAD_BYTES)
  MAGIC.copy(head)
  head.writeUInt16BE(VERSION, 8)
  head.writeUInt32BE(body.length, 12)
  digestOf(head, body).copy(head, DIGEST_AT)
  return Buffer.concat([head, body])
}

/**
 * Reads the header at the start of `bytes`; returns undefined if there are too few. Throws PACK_DAMAGED for a head
 * without its digest, which sending the pack again may cure, and PACK_INVALID for a head that the agent wrote so.
 */
export function parsePackHeader(bytes: Buffer): { header: PackHeader; bytesRead: number } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const [version, length] = [bytes.readUInt16BE(8), bytes.readUInt32BE(12)]
  // No agent writes such a length, so the pack was damaged; computing the digest is unnecessary.
  if (length > LIST_LIMIT_BYTES)
    throw damagedPack(`a member list of ${length} bytes, at most ${LIST_LIMIT_BYTES}`)
  const end = HEAD_BYTES + length
  if (bytes.length < end) return undefined
  if (!digestOf(bytes, bytes.subarray(HEAD_BYTES, end)).equals(bytes.subarray(DIGEST_AT, HEAD_BYTES)))
    throw damagedPack('its head does not have the digest that was written into it')
  if (!bytes.subarray(0, 8).equals(MAGIC)) throw invalid('it does not begin with FERRYPAK')
  if (version !== VERSION) throw invalid(`version ${version}, where ${VERSION} is known`)
  const text = bytes.toString('utf8', HEAD_BYTES, end)
  return { header: parseJson(text, headerSchema, 'PACK_INVALID', 'reading a pack'), bytesRead: end }
}

/** Bytes of the whole pack, header included. */
export function packBytes(header: PackHeader): number {
  return header.members.reduce((sum, member) => sum + member.bytes, encodePackHeader(header).length)
}

/** PACK_DAMAGED: the pack is not what the agent sent. */
export function damagedPack(found: string): Failure {
  return new Failure('PACK_DAMAGED', `reading a pack: ${found}`)
}

function digestOf(head: Buffer, body: Buffer): Buffer {
  return createHash('sha256').update(head.subarray(0, DIGEST_AT)).update(body).digest()
}

function invalid(found: string): Failure {
  return new Failure('PACK_INVALID', `reading a pack: ${found}`)
}
