import type { FileHandle } from 'node:fs/promises'
import PQueue from 'p-queue'
import { Failure } from '../../platform/failure.ts'
import type { MemberAnswer } from '../../protocol/center-api.ts'
import { damagedPack, type PackHeader, packBytes, parsePackHeader } from '../../protocol/pack.ts'
import type { PackRow, StoredMember } from '../register/register.ts'
import type { InstanceWriter } from '../store/instance-store.ts'
import { MemberSource, newPieceBuffer } from './member-source.ts'
import { type OpenedMember, type OpeningOptions, openMember } from './open-member.ts'

/** While one member waits for the disk others are opened; device flushes of several files cost little more than one. */
const MEMBERS_AT_ONCE = 3

/** The results of a pack's members: their files are durable, their rows are not yet written. */
export interface OpenedPack {
  readonly answers: readonly MemberAnswer[]
  readonly stored: readonly StoredMember[]
}

/**
 * Opens every member of a pack that is complete on the disk. A bad member has its own answer and does not affect the
 * others. Throws PACK_INVALID if the pack itself is wrong, PACK_DAMAGED if its head was damaged on the way; and for
 * faults of this machine, after removing everything it wrote.
 */
export async function openPack(
  pack: PackRow,
  handle: FileHandle,
  options: OpeningOptions,
  signal: AbortSignal,
): Promise<OpenedPack> {
  const buffer = newPieceBuffer()
  const { header, bytesRead } = await readHeader(pack, handle, buffer)
  const writers: InstanceWriter[] = []
  const lanes = new PQueue({ concurrency: MEMBERS_AT_ONCE })
  const failed = new AbortController()
  const buffers = [buffer, ...Array.from({ length: MEMBERS_AT_ONCE - 1 }, newPieceBuffer)]
  const opened: OpenedMember[] = []
  try {
    let start = bytesRead
    for (const [place, member] of header.members.entries()) {
      const at = start
      await lanes.onSizeLessThan(1)
      failed.signal.throwIfAborted()
      const opening = lanes.add(async () => {
        const ownBuffer = buffers.pop() ?? newPieceBuffer()
        const source = new MemberSource(handle, at, member.bytes, ownBuffer)
        const one = await openMember(member, source, pack.agent, options, signal)
        buffers.push(ownBuffer)
        opened[place] = one
        if (!('writer' in one) || one.writer === undefined) return
        writers.push(one.writer)
        await one.writer.finish()
      })
      opening.catch((error: unknown) => failed.abort(error))
      start += member.bytes
    }
    await lanes.onIdle()
    failed.signal.throwIfAborted()
    await options.store.syncNames(writers.map((writer) => writer.file))
  } catch (error) {
    lanes.clear()
    await lanes.onIdle()
    for (const writer of writers) await writer.discard()
    throw error
  }
  return {
    answers: opened.map((one) => ('answer' in one ? one.answer : { ulid: one.stored.ulid, state: 'stored' })),
    stored: opened.flatMap((one) => ('stored' in one ? [one.stored] : [])),
  }
}

async function readHeader(
  pack: PackRow,
  handle: FileHandle,
  buffer: Buffer,
): Promise<{ header: PackHeader; bytesRead: number }> {
  const source = new MemberSource(handle, 0, pack.bytes, buffer)
  let gathered: Buffer = Buffer.alloc(0)
  for await (const piece of source.pieces(pack.bytes)) {
    gathered = Buffer.concat([gathered, piece])
    const parsed = parsePackHeader(gathered)
    if (parsed === undefined) continue
    checkHeader(parsed.header, pack)
    return parsed
  }
  throw damagedPack('its member list is longer than the pack')
}

function checkHeader(header: PackHeader, pack: PackRow): void {
  if (header.pack !== pack.pack) {
    throw new Failure('PACK_INVALID', 'reading a pack: it is another one than its upload was announced for')
  }
  const bytes = packBytes(header)
  if (bytes !== pack.bytes) {
    throw new Failure('PACK_INVALID', `reading a pack: ${pack.bytes} bytes, where its members make ${bytes}`)
  }
}
