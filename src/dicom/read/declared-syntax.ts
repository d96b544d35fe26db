import { isListedSyntax } from '../vocabulary/transfer-syntax.ts'
import { isKnownVr } from '../vocabulary/value-representation.ts'
import type { ElementToken } from './data-set-token.ts'

/**
 * Describes how the first element of a data set contradicts the declared transfer syntax; undefined if it does not.
 * Implicit VR under an explicit syntax is not checked here: the reader finds no VR there. A transfer syntax that PS3.6
 * does not list cannot be contradicted.
 */
export function contradictsSyntax(first: ElementToken, transferSyntaxUid: string): string | undefined {
  if (!isListedSyntax(transferSyntaxUid)) return undefined
  const group = first.tag >>> 16
  // Data sets begin with group 0008, or a group near it.
  if (group > 0x00ff && swapBytes(group) <= 0x00ff) return 'the byte order is not that of the transfer syntax'
  // Interpreted as a length, two letters are at least some 20,000 bytes; no first element is that long.
  if (first.vr === undefined && isKnownVr(first.bytes.toString('latin1', 4, 6)))
    return 'explicit VR, where the transfer syntax says implicit VR'
  return undefined
}

function swapBytes(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8)
}
