import type { ByteSource } from '../../../media/byte-source.ts'
import type { MediaKind } from '../../../media/recognize.ts'
import { Failure } from '../../../platform/failure.ts'
import type { WrapFacts } from './wrap-facts.ts'
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
  /** Streams the data set, without file meta information, in pieces of at most some MiB. */
  dataSet(): AsyncIterable<Buffer>
}

/**
 * Makes DICOM instances of one file without encoding it again. The file must be whole (see `isWhole`) and must not
 * change until the last data set is read. Throws a Failure with a code for each cause if it cannot: docs/media.md.
 */
export async function wrapFile(_source: ByteSource, kind: MediaKind, _facts: WrapFacts): Promise<Wrapped> {
  throw new Failure('MEDIA_UNKNOWN', `wrapping a file: ${kind} is not one of the kinds that can be wrapped`)
}
