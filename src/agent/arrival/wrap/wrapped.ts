import type { WrapFinding } from './wrap-finding.ts'

/** The instances that one file became. Nothing of the file is held: `dataSet` reads it again. */
export interface Wrapped {
  readonly instances: readonly WrappedInstance[]
  readonly findings: readonly WrapFinding[]
}

/** One instance, with the facts that a C-STORE command needs. */
export interface WrappedInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly studyInstanceUid: string
  readonly transferSyntaxUid: string
  /** Streams the data set, without file meta information, in pieces of 64 KiB or a few rows. */
  dataSet(): AsyncIterable<Buffer>
}
