import { open, stat } from 'node:fs/promises'
import { Failure } from '../../platform/failure.ts'
import { encodePackHeader, type PackHeader } from '../../protocol/pack.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Spool } from '../queue/spool.ts'

const READ_BYTES = 256 * 1024

interface Part {
  bytes: number
  read: (from: number, to: number) => AsyncIterable<Buffer>
}

/** The bytes of a pack, read from the spool files as they are needed: any range, any number of times, always the same. */
export class PackSource {
  readonly #parts: readonly Part[]
  readonly bytes: number

  private constructor(parts: readonly Part[]) {
    this.#parts = parts
    this.bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  }

  static of(header: PackHeader, spool: Spool): PackSource {
    const head = encodePackHeader(header)
    return new PackSource([
      { bytes: head.length, read: (from, to) => once(head.subarray(from, to)) },
      ...header.members.map(({ ulid, bytes }) => ({
        bytes,
        read: (from: number, to: number) => readRange(spool.pathOf(ulid), from, to),
      })),
    ])
  }

  /** One spool file alone. */
  static ofSpoolFile(spool: Spool, ulid: Ulid, bytes: number): PackSource {
    return new PackSource([{ bytes, read: (from, to) => readRange(spool.pathOf(ulid), from, to) }])
  }

  /** Bytes `from` up to, not including, `to` of the whole pack. */
  async *range(from: number, to: number): AsyncGenerator<Buffer> {
    let start = 0
    for (const part of this.#parts) {
      const end = start + part.bytes
      if (end > from && start < to) yield* part.read(Math.max(from, start) - start, Math.min(to, end) - start)
      start = end
    }
  }
}

/** Members whose file is not there, or not as long as it was when it was sealed, with what was found. */
export async function unreadableMembers(
  header: PackHeader,
  spool: Spool,
): Promise<{ ulid: string; failure: Failure }[]> {
  const found = await Promise.all(
    header.members.map(async ({ ulid, bytes }) => {
      const size = await stat(spool.pathOf(ulid)).then(
        (stats) => stats.size,
        () => undefined,
      )
      if (size === bytes) return []
      const failure =
        size === undefined
          ? new Failure('SPOOL_FILE_MISSING', `sending ${ulid}: its spool file is gone`)
          : new Failure(
              'SPOOL_FILE_DAMAGED',
              `sending ${ulid}: its spool file has ${size} bytes, not ${bytes}`,
            )
      return [{ ulid, failure }]
    }),
  )
  return found.flat()
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function* readRange(path: string, from: number, to: number): AsyncGenerator<Buffer> {
  await using handle = await open(path, 'r')
  for (let position = from; position < to; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - position))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0)
      throw new Failure('SPOOL_FILE_DAMAGED', `reading ${path}: it ends at ${position}, not at ${to}`)
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
