import { ABORT_BY_PROVIDER, BrokenOff, encodeCommand, encodeDataHeader, PDV_LAST } from './pdu.ts'
import { fragmentLength, MIN_PEER_PDU_LENGTH } from './send-data-set.ts'

/**
 * Encodes a small message as P-DATA-TFs: its command set in one, its data set in as many as the peer's limit requires.
 * Fails with ASSOCIATION_FAILED if a data set cannot be sent at that limit.
 */
export function encodeMessage(
  contextId: number,
  commandSet: Buffer,
  dataSet: Buffer | undefined,
  peerMaxPduLength: number,
): Buffer {
  const command = encodeCommand(contextId, commandSet)
  if (dataSet === undefined) return command
  checkPeerLimit(peerMaxPduLength)
  const length = fragmentLength(peerMaxPduLength)
  const parts = [command]
  for (let at = 0; at === 0 || at < dataSet.length; at += length) {
    const fragment = dataSet.subarray(at, at + length)
    const isLast = at + length >= dataSet.length
    parts.push(encodeDataHeader(contextId, isLast ? PDV_LAST : 0, fragment.length), fragment)
  }
  return Buffer.concat(parts)
}

/** Fails with ASSOCIATION_FAILED when the limit leaves no room for data. */
export function checkPeerLimit(peerMaxPduLength: number): void {
  if (peerMaxPduLength === 0 || peerMaxPduLength >= MIN_PEER_PDU_LENGTH) return
  const message = `the peer takes PDUs of no more than ${peerMaxPduLength} bytes`
  throw new BrokenOff('ASSOCIATION_FAILED', ABORT_BY_PROVIDER.invalidPduParameter, message)
}
