/**
 * Finds text next to the coded samples of compressed frames, and overwrites it with blanks. No length changes, so
 * fragments, offset tables and coded samples stay unchanged.
 */
export interface FrameText {
  /** Blanks text in the next bytes, in place; pieces may have any size. */
  pass(bytes: Buffer): void
  /** Says that the next bytes begin a fragment. */
  beginFragment?(): void
}

/** Called for frames whose form differs from their transfer syntax; may throw. */
export type OnUnknownForm = (why: string) => void

/** Writes `blank` over `bytes` from the position `from` up to `to`. */
type Blank = (bytes: Buffer, from: number, to: number) => void

export const blankAll: Blank = (bytes, from, to) => void bytes.fill(0x20, from, to)

export const zeroAll: Blank = (bytes, from, to) => void bytes.fill(0, from, to)
