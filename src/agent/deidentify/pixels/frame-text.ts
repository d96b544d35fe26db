/**
 * Finds text beside the coded samples of compressed frames, and writes blanks over it. No length changes, so fragments,
 * offset tables and the coded samples stay as they are.
 */
export interface FrameText {
  /** Blanks text in the next bytes, in place. They may come in any pieces. */
  pass(bytes: Buffer): void
  /** Says that the next bytes begin a fragment. */
  beginFragment?(): void
}

/** Called for frames whose form is not the one that their transfer syntax names; may throw. */
export type OnUnknownForm = (why: string) => void

/** Writes `blank` over `bytes` from the position `from` up to `to`. */
export type Blank = (bytes: Buffer, from: number, to: number) => void

export const blankAll: Blank = (bytes, from, to) => void bytes.fill(0x20, from, to)

export const zeroAll: Blank = (bytes, from, to) => void bytes.fill(0, from, to)
