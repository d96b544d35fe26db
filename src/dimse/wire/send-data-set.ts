import { encodeDataHeader, PDV_HEADER_LENGTH, PDV_LAST } from './pdu.ts'

/** The longest P-DATA-TF that we send to a peer that sets no limit. */
const MAX_SENT_PDU_LENGTH = 256 * 1024

/** Fewer bytes than this hold no useful fragment, and no command set. */
export const MIN_PEER_PDU_LENGTH = 256

/** Returns the number of bytes of a data set that fit a PDU of the peer's limit; 0 means unlimited. Fragments are even (PS3.8 §E.2). */
export function fragmentLength(peerMaxPduLength: number): number {
  const pduLength =
    peerMaxPduLength === 0 ? MAX_SENT_PDU_LENGTH : Math.min(peerMaxPduLength, MAX_SENT_PDU_LENGTH)
  return (pduLength - PDV_HEADER_LENGTH) & ~1
}

/**
 * Sends `prefix` (the command) and then the data set unchanged, without a copy, in fragments of `length` bytes. The
 * last one is marked as such, so one fragment is always held back until more has arrived or the source has ended.
 * Chunks must not change after they were given.
 */
export async function sendDataSet(
  write: (...parts: readonly Buffer[]) => Promise<void>,
  contextId: number,
  length: number,
  prefix: Buffer,
  dataSet: AsyncIterable<Buffer>,
): Promise<void> {
  const held = new HeldBytes()
  let ready: Buffer[] = [prefix]
  for await (const chunk of dataSet) {
    held.push(chunk)
    while (held.length > length) ready.push(encodeDataHeader(contextId, 0, length), ...held.take(length))
    if (ready.length > 0) await write(...ready)
    ready = []
  }
  const last = held.length
  await write(...ready, encodeDataHeader(contextId, PDV_LAST, last), ...held.take(last))
}

/** A sequence of chunks, returned with other boundaries. */
class HeldBytes {
  readonly #chunks: Buffer[] = []
  length = 0

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.length += chunk.length
  }

  take(length: number): Buffer[] {
    const taken: Buffer[] = []
    for (let missing = length; missing > 0; ) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) break
      const part = chunk.subarray(0, missing)
      if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length))
      taken.push(part)
      missing -= part.length
      this.length -= part.length
    }
    return taken
  }
}
