import type { Tag } from '../vocabulary/tag.ts'
import type { Encoding } from './element-header.ts'

/** The length field of a sequence, item or encapsulated value that ends with a delimiter (PS3.5 §7.5.2). */
export const UNDEFINED_LENGTH = 0xffff_ffff

/**
 * One piece of a data set, in the order of its bytes. Each byte of the input is in the `bytes` of exactly one token, so
 * their concatenation is the input. `bytes` are views of the pushed bytes, not copies.
 */
export type DataSetToken =
  | ElementToken
  | {
      /** The next part of the value of the previous element or fragment. At least one follows each of those. */
      kind: 'value'
      bytes: Buffer
      /** True for the part that completes the value; for an empty value it has no bytes. */
      last: boolean
    }
  | { kind: 'item'; bytes: Buffer; length: number }
  /** A fragment of encapsulated pixel data, or the offset table before the first (PS3.5 §A.4). */
  | { kind: 'fragment'; bytes: Buffer; length: number }
  /** Has no bytes if the end follows from the length of the item or sequence. */
  | { kind: 'itemEnd'; bytes: Buffer }
  | { kind: 'sequenceEnd'; bytes: Buffer }
  /** Ends encapsulated pixel data. */
  | { kind: 'fragmentsEnd'; bytes: Buffer }
  /** Bytes after the data set, or a header that the end of the input has cut off. */
  | { kind: 'rest'; bytes: Buffer }

/** The header of a data element: tag, VR and length. */
export interface ElementToken {
  kind: 'element'
  bytes: Buffer
  tag: Tag
  /** Undefined in implicit VR. */
  vr: string | undefined
  /** The value of the length field, {@link UNDEFINED_LENGTH} included. */
  length: number
  /** The tokens that follow: value tokens; items up to a sequenceEnd; fragments up to a fragmentsEnd. */
  holds: 'value' | 'items' | 'fragments'
  /** The encoding of the elements of its items; undefined if it holds no items. */
  itemEncoding: Encoding | undefined
  /** Number of sequences around it: 0 in the data set itself. */
  depth: number
  /** The position of its first byte in the data set. */
  offset: number
}
