import { TRAILER_BYTES } from '../../../protocol/spool-file.ts'
import { SpoolFileEnds } from '../spool/spool-file-ends.ts'
import type { ImagePlace } from '../spool/stored-image.ts'

/** Large enough for nearly every envelope. */
export const SLOT_HEAD_BYTES = 1024

/*
 * The ends of one file, in a slot of fixed length:
 *
 *   size 8 (double, native; -1: not read) | head 1024 | trailer 96
 */
const SIZE_BYTES = 8
const SLOT_BYTES = SIZE_BYTES + SLOT_HEAD_BYTES + TRAILER_BYTES
const NOT_READ = -1

interface ReadSlot {
  readonly size: number
  readonly head: Buffer
  readonly trailer: Buffer
}

/** Reads one slot for each place, in sequence, into separate memory that can be given to another thread. */
export function readSlots(places: readonly ImagePlace[], scratch: Buffer): Uint8Array<ArrayBuffer> {
  const slots = new Uint8Array(places.length * SLOT_BYTES)
  const view = new DataView(slots.buffer)
  for (const [i, place] of places.entries()) {
    const at = i * SLOT_BYTES
    view.setFloat64(at, NOT_READ)
    try {
      using file = new SpoolFileEnds(place, scratch)
      slots.set(file.head(SLOT_HEAD_BYTES), at + SIZE_BYTES)
      slots.set(file.tail(TRAILER_BYTES), at + SIZE_BYTES + SLOT_HEAD_BYTES)
      view.setFloat64(at, file.size)
    } catch {
      // The caller that needs the file finds the reason.
    }
  }
  return slots
}

/** Returns the slot of the `i`th place; undefined if the file could not be read, or is too short. */
export function slotAt(slots: Uint8Array<ArrayBuffer>, i: number): ReadSlot | undefined {
  const at = i * SLOT_BYTES
  const size = new DataView(slots.buffer).getFloat64(at)
  if (size < SLOT_HEAD_BYTES + TRAILER_BYTES) return undefined
  const slot = Buffer.from(slots.buffer, at + SIZE_BYTES, SLOT_HEAD_BYTES + TRAILER_BYTES)
  return { size, head: slot.subarray(0, SLOT_HEAD_BYTES), trailer: slot.subarray(SLOT_HEAD_BYTES) }
}
