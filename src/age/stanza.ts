/** One way to the file key, in the header of an age file: the file key wrapped for one recipient. */
export interface Stanza {
  /** The recipient's type first, then what that type needs. */
  readonly arguments: readonly string[]
  readonly body: Buffer
}
