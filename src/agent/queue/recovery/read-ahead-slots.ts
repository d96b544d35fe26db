import { TRAILER_BYTES } from '../../../protocol/spool-file.ts'
import { SpoolFileEnds } from '../spool/spool-file-ends.ts'

/** Holds nearly every envelope. */
export const SLOT_HEAD_BYTES = 1024

/*
 * The ends of one file, in a slot of fixed length:
 *
 *   size 8 (double, native; -1: not read) | head 1024 | trailer 96
 */
const SIZE_BYTES = 8
const SLOT_BYTES = SIZE_BYTES + SLOT_HEAD_BYTES + TRAILER_BYTES
const NOT_READ = -1

export interface ReadSlot {
  readonly size: number
  readonly head: Buffer
  readonly trailer: Buffer
}

/** One slot for each path, one behind the other, in memory of its own, to be given to another thread. */
export function readSlots(paths: readonly string[], scratch: Buffer): Uint8Array<ArrayBuffer> {
  const slots = new Uint8Array(paths.length * SLOT_BYTES)
  const view = new DataView(slots.buffer)
  for (const [i, path] of paths.entries()) {
    const at = i * SLOT_BYTES
    view.setFloat64(at, NOT_READ)
    try {
      using file = new SpoolFileEnds(path, scratch)
      slots.set(file.head(SLOT_HEAD_BYTES), at + SIZE_BYTES)
      slots.set(file.tail(TRAILER_BYTES), at + SIZE_BYTES + SLOT_HEAD_BYTES)
      view.setFloat64(at, file.size)
    } catch {
      // Whoever needs the file finds out why.
    }
  }
  return slots
}

/** The slot of the `i`th path; undefined for a file that could not be read, or is too short to be one. */
export function slotAt(slots: Uint8Array<ArrayBuffer>, i: number): ReadSlot | undefined {
  const at = i * SLOT_BYTES
  const size = new DataView(slots.buffer).getFloat64(at)
  if (size < SLOT_HEAD_BYTES + TRAILER_BYTES) return undefined
  const slot = Buffer.from(slots.buffer, at + SIZE_BYTES, SLOT_HEAD_BYTES + TRAILER_BYTES)
  return { size, head: slot.subarray(0, SLOT_HEAD_BYTES), trailer: slot.subarray(SLOT_HEAD_BYTES) }
}
