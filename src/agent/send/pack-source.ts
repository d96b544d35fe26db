import type { Failure } from '../../platform/failure.ts'
import { encodePackHeader, type PackHeader } from '../../protocol/pack.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Spool } from '../queue/spool/spool.ts'
import { verifySpoolFile } from '../queue/spool/verify-spool-file.ts'

/** A member whose spool file is bad, and the fault. */
export interface BadMember {
  ulid: Ulid
  failure: Failure
}

interface Part {
  bytes: number
  read: (from: number, to: number) => AsyncIterable<Buffer>
}

/** The bytes of a pack, read from the spool as they are needed: any range, any number of times, always the same. */
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
        read: (from: number, to: number) => spool.range(ulid, from, to),
      })),
    ])
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

/** Returns the members whose file is missing or has another length than when it was sealed, with the fault. */
export async function unreadableMembers(header: PackHeader, spool: Spool): Promise<BadMember[]> {
  const found = await Promise.all(
    header.members.map(async ({ ulid, bytes }) => ({
      ulid,
      failure: await spool.lengthFailure(ulid, bytes),
    })),
  )
  return found.flatMap(({ ulid, failure }) => (failure === undefined ? [] : [{ ulid, failure }]))
}

/** Returns the members whose file differs from what was sealed; reads every byte of every file. */
export async function damagedMembers(header: PackHeader, spool: Spool): Promise<BadMember[]> {
  const bad: BadMember[] = []
  for (const { ulid, bytes } of header.members) {
    const failure = await verifySpoolFile(spool, { ulid, bytes })
    if (failure !== undefined) bad.push({ ulid, failure })
  }
  return bad
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
