import type { ByteCursor } from './byte-cursor.ts'
import { damaged } from './coding/damaged.ts'

export const PACKET_BYTES = 188
const SYNC = 0x47
const HEADER_BYTES = 4
const TABLE = { programs: 0, program: 2 } as const
const LAST_PACKETS = 64

/** Stream types of a program map (ISO 13818-1 Table 2-34, ATSC A/53). */
const VIDEO_TYPES: ReadonlyMap<number, TransportCodec> = new Map([
  [0x01, 'mpeg2'],
  [0x02, 'mpeg2'],
  [0x1b, 'h264'],
  [0x24, 'hevc'],
])
const SOUND_TYPES: ReadonlyMap<number, string> = new Map([
  [0x03, 'MPEG audio'],
  [0x04, 'MPEG audio'],
  [0x0f, 'AAC'],
  [0x11, 'AAC'],
  [0x80, 'LPCM'],
  [0x81, 'AC-3'],
])

type TransportCodec = 'mpeg2' | 'h264' | 'hevc'

/** The streams of the first program. */
interface TransportProgram {
  readonly codec: TransportCodec
  readonly audio: readonly string[]
}

/** True if each of the first packets begins with a sync byte. */
export function beginsAsTransport(first: Buffer): boolean {
  const count = Math.min(5, Math.floor(first.length / PACKET_BYTES))
  if (count < 3) return false
  return Array.from({ length: count }, (_, i) => first[i * PACKET_BYTES]).every((byte) => byte === SYNC)
}

/**
 * Walks the packets of a transport stream; `take` gets the payload of the first program's video, without PES headers. Returns
 * the program; undefined if it has no video that DICOM knows. Throws MEDIA_DAMAGED.
 */
export async function readTransportStream(
  cursor: ByteCursor,
  take: (payload: Buffer, codec: TransportCodec) => void,
): Promise<TransportProgram | undefined> {
  const reading = new ProgramReading()
  while (cursor.left > 0) {
    const packets = await cursor.peek(Math.min(cursor.left, LAST_PACKETS * PACKET_BYTES))
    const whole = Math.floor(packets.length / PACKET_BYTES) * PACKET_BYTES
    if (whole === 0) throw damaged('an MPEG transport stream', 'its last packet is cut off')
    for (let at = 0; at < whole; at += PACKET_BYTES) {
      if (packets[at] !== SYNC)
        throw damaged('an MPEG transport stream', `no packet at byte ${cursor.offset + at}`)
      const payload = reading.take(packets.subarray(at, at + PACKET_BYTES))
      if (payload !== undefined && reading.program !== undefined) take(payload, reading.program.codec)
    }
    cursor.skip(whole)
  }
  return reading.program
}

/** Finds the program map, then the packets of its video. */
class ProgramReading {
  #mapId: number | undefined
  #videoId: number | undefined
  #isBegun = false
  program: TransportProgram | undefined

  /** Returns the video's bytes in a packet. */
  take(packet: Buffer): Buffer | undefined {
    const id = packet.readUInt16BE(1) & 0x1fff
    const isStart = (packet.readUInt8(1) & 0x40) !== 0
    const control = (packet.readUInt8(3) >> 4) & 3
    const start = HEADER_BYTES + (control === 3 ? 1 + packet.readUInt8(4) : 0)
    if ((control & 1) === 0 || start >= PACKET_BYTES) return undefined
    const payload = packet.subarray(start)
    if (id === this.#videoId) return this.#video(payload, isStart)
    if (isStart && id === 0) this.#mapId ??= mapIdIn(payload)
    else if (isStart && id === this.#mapId && this.program === undefined) this.#takeMap(payload)
    return undefined
  }

  #video(payload: Buffer, isStart: boolean): Buffer | undefined {
    if (isStart && payload.length >= 9) {
      this.#isBegun = true
      return payload.subarray(9 + payload.readUInt8(8))
    }
    return this.#isBegun ? payload : undefined
  }

  #takeMap(payload: Buffer): void {
    const section = sectionOf(payload, TABLE.program)
    if (section === undefined || section.length < 12) return
    const audio: string[] = []
    for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at + 5 <= section.length; ) {
      const [type, id] = [section.readUInt8(at), section.readUInt16BE(at + 1) & 0x1fff]
      const codec = VIDEO_TYPES.get(type)
      if (codec !== undefined && this.#videoId === undefined) {
        this.#videoId = id
        this.program = { codec, audio }
      }
      const sound = SOUND_TYPES.get(type)
      if (sound !== undefined) audio.push(sound)
      at += 5 + (section.readUInt16BE(at + 3) & 0xfff)
    }
  }
}

/** The packet identifier of the first program's map. */
function mapIdIn(payload: Buffer): number | undefined {
  const section = sectionOf(payload, TABLE.programs) ?? Buffer.alloc(0)
  for (let at = 8; at + 4 <= section.length; at += 4)
    if (section.readUInt16BE(at) !== 0) return section.readUInt16BE(at + 2) & 0x1fff
  return undefined
}

/** The section that begins in a packet, without its checksum, as far as the packet has it (§2.4.4). */
function sectionOf(payload: Buffer, table: number): Buffer | undefined {
  const section = payload.subarray(1 + payload.readUInt8(0))
  if (section.length < 8 || section[0] !== table) return undefined
  return section.subarray(0, 3 + (section.readUInt16BE(1) & 0xfff) - 4)
}
