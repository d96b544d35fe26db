/** Random access to the bytes of one file that does not change meanwhile. */
export interface ByteSource {
  readonly size: number
  /** Returns `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
}

/** A part of a source. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}
