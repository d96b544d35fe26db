import type { Envelope, Trailer } from '../../../protocol/spool-file.ts'
import { parseEnvelope, parseTrailer, TRAILER_BYTES } from '../../../protocol/spool-file.ts'
import { walkRecords } from '../segments/walk-records.ts'
import { SpoolFileEnds } from './spool-file-ends.ts'
import { filePath, segmentFolder, segmentNames, segmentPath, spoolFilesNow } from './spool-names.ts'

/** More than the longest envelope (docs/protocol.md). */
const HEAD_BYTES = 66_000

/** A sealed instance on the disk: `bytes` bytes of the file `path`, from `offset` on. */
export interface Spooled {
  readonly path: string
  readonly offset: number
  readonly bytes: number
  readonly envelope: Envelope
  readonly trailer: Trailer
}

/** Bytes of a file that do not read as an instance. */
export interface Unread {
  readonly path: string
  readonly offset: number
  readonly bytes: number
}

/**
 * Yields all instances of a spool, found without an index: files of their own in the order of arrival, then segments. An
 * instance is known by its head and its end; its other bytes are not read. Throws the error of the file system.
 */
export function* findSpooled(spool: string): Generator<Spooled | Unread> {
  const scratch = Buffer.alloc(HEAD_BYTES)
  for (const ulid of Array.from(spoolFilesNow(spool)).toSorted())
    yield readFile(filePath(spool, ulid), scratch)
  for (const name of segmentNames(spool)) {
    const path = segmentPath(spool, name)
    for (const found of walkRecords(segmentFolder(spool), name, { verify: false })) {
      const { offset } = found
      if (found.kind === 'gap') yield { path, offset, bytes: found.end - offset }
      else {
        const { envelope, trailer } = found
        yield { path, offset, bytes: trailer.sealedBytes + TRAILER_BYTES, envelope, trailer }
      }
    }
  }
}

export const isSpooled = (found: Spooled | Unread): found is Spooled => 'trailer' in found

function readFile(path: string, scratch: Buffer): Spooled | Unread {
  using file = new SpoolFileEnds({ path, offset: 0 }, scratch)
  const { size } = file
  try {
    const trailer = parseTrailer(file.tail(TRAILER_BYTES), size)
    const parsed = parseEnvelope(file.head(HEAD_BYTES))
    if (parsed !== undefined) return { path, offset: 0, bytes: size, envelope: parsed.envelope, trailer }
  } catch {
    // It is listed as unread.
  }
  return { path, offset: 0, bytes: size }
}
