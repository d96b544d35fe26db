import type { ByteCursor } from './byte-cursor.ts'
import { damaged } from './coding/damaged.ts'

/** Start codes of a program stream (ISO 13818-1 Table 2-18 and §2.5.3). */
const CODE = { end: 0xb9, pack: 0xba, systemHeader: 0xbb, video: 0xe0 } as const
const FIRST_PACKET = 0xbb
const PREFIX = 1
const LIMIT_BYTES = 65_536 + 6

/**
 * Walks the packets of an MPEG-2 program stream; `take` gets the payload of the first video. Throws MEDIA_DAMAGED if a packet is
 * cut off, or something else is where one must begin.
 */
export async function readProgramStream(cursor: ByteCursor, take: (payload: Buffer) => void): Promise<void> {
  let video: number | undefined
  while (cursor.left >= 4) {
    const head = await cursor.peek(Math.min(cursor.left, 14))
    const code = head.readUIntBE(0, 3) === PREFIX ? head[3] : undefined
    if (code === CODE.end) {
      cursor.skip(4)
      continue
    }
    if (code === undefined || code < CODE.end) {
      // Stuffing between packs.
      if (head[0] !== 0) throw damaged('an MPEG program stream', `no packet at byte ${cursor.offset}`)
      cursor.skip(1)
      continue
    }
    const length = packetBytes(head, code)
    if (length > cursor.left) throw damaged('an MPEG program stream', 'its last packet is cut off')
    if (code >= CODE.video && code < CODE.video + 16) {
      video ??= code
      if (video === code) take(payloadOf(await cursor.peek(length)))
    }
    cursor.skip(length)
  }
}

function packetBytes(head: Buffer, code: number): number {
  if (head.length < 6) return LIMIT_BYTES
  if (code !== CODE.pack) return code < FIRST_PACKET ? 4 : 6 + head.readUInt16BE(4)
  // MPEG-1 has no bits for stuffing (ISO 11172-1 §2.4.3.2).
  if (head.readUInt8(4) >> 6 !== 1) return 12
  return head.length < 14 ? LIMIT_BYTES : 14 + (head.readUInt8(13) & 7)
}

/** The bytes of a PES packet after its header (§2.4.3.6); those of MPEG-1 have another one. */
function payloadOf(packet: Buffer): Buffer {
  if (packet.length < 9) return Buffer.alloc(0)
  if (packet.readUInt8(6) >> 6 === 2) return packet.subarray(9 + packet.readUInt8(8))
  let at = 6
  while (packet[at] === 0xff && at < 22) at++
  if ((packet[at] ?? 0) >> 6 === 1) at += 2
  const marks = (packet[at] ?? 0) >> 4
  return packet.subarray(at + (marks === 2 ? 5 : marks === 3 ? 10 : 1))
}
