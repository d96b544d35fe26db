import type { ByteSource } from '../../../media/byte-source.ts'
import { openFileBytes } from '../../../platform/file/file-bytes.ts'
import type { FileProblem } from './file-problem.ts'
import type { FoundFile } from './find-files.ts'

/** One file of an import, on a disk, in a zip file or in a browser. */
export interface ImportFile {
  /** The path as a person reads it; a file in a zip is `scans.zip/CT/1.dcm`. */
  readonly path: string
  /** True if a person named the file itself. */
  readonly isNamed: boolean
  /** Set if there is nothing to open. */
  readonly problem?: FileProblem
  /** Throws {@link FileProblem} and errors of the file system. */
  open(): Promise<OpenSource>
}

/** An open file of an import. */
export interface OpenSource extends ByteSource, AsyncDisposable {
  /**
   * The bytes from `offset` to the end. Throws {@link FileProblem} if the check sum of a zip file shows damage, and errors
   * of the file system.
   */
  stream(offset: number): AsyncIterable<Buffer>
}

const PIECE_BYTES = 256 * 1024

/** Opens what {@link findFiles} has found. A link that took the place of a file since then is not followed (ELOOP). */
export async function openFound({ location, links }: FoundFile): Promise<OpenSource> {
  const file = await openFileBytes(location, links)
  return {
    size: file.size,
    read: (offset, length) => file.read(offset, length),
    stream: (offset) => readOn(file, offset),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}

/** Reads a source from `offset` to its end, piece by piece. */
export async function* readOn(
  source: ByteSource,
  offset: number,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  for (let at = offset; at < end; ) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, end - at))
    if (piece.length === 0) return
    yield piece
    at += piece.length
  }
}
