import { createHash } from 'node:crypto'
import type { Identity } from '../../age/x25519-keys.ts'
import { Failure, type FailureCode, failureFrom } from '../../platform/failure.ts'
import type { MemberAnswer } from '../../protocol/center-api.ts'
import type { PackHeader } from '../../protocol/pack.ts'
import { parseTrailer, TRAILER_BYTES, type Trailer } from '../../protocol/spool-file.ts'
import type { StoredMember } from '../register/register.ts'
import type { InstanceWriter } from '../store/instance-store.ts'
import { MemberDecryption } from './member-decryption.ts'
import { MemberFile, type MemberFileOptions } from './member-file.ts'
import type { MemberSource } from './member-source.ts'

export interface OpeningOptions extends MemberFileOptions {
  readonly identities: readonly Identity[]
}

/** A valid member, with its file that must still be made durable; or the answer to an invalid one. */
export type OpenedMember =
  | { readonly stored: StoredMember; readonly writer: InstanceWriter | undefined }
  | { readonly answer: MemberAnswer }

/** Faults of this machine and not of the member: the whole pack is tried again. */
const OURS: ReadonlySet<FailureCode> = new Set([
  'STORAGE_FULL',
  'STORAGE_ERROR',
  'DATABASE_ERROR',
  'STORE_MISSING',
])

/**
 * Opens one member of a pack and writes it to the store. Throws only for faults of this machine.
 *
 * The sealed digest decides about bytes that cannot be opened: if it does not match, they were damaged after the agent sealed
 * them, and sending again may help; if it matches, they are the agent's own bytes, and sending again cannot help.
 */
export async function openMember(
  member: PackHeader['members'][number],
  source: MemberSource,
  agent: string,
  options: OpeningOptions,
  signal: AbortSignal,
): Promise<OpenedMember> {
  const trailer = await readTrailer(source)
  if (trailer instanceof Failure) return notStored(member.ulid, 'damaged', trailer)
  const file = new MemberFile(member.ulid, trailer, options)
  const opening = new MemberDecryption(options.identities, agent, file)
  try {
    const { isWhole, failure } = await pushAll(source, trailer, opening, signal)
    if (isWhole && failure === undefined) return await finish(member.ulid, trailer, opening, file)
    await opening.discard()
    return isWhole && failure !== undefined
      ? notStored(member.ulid, 'refused', failure)
      : notStored(member.ulid, 'damaged', damaged())
  } catch (error) {
    await opening.discard()
    const failure = failureFrom(error, 'INTERNAL', 'opening a member')
    if (OURS.has(failure.code) || signal.aborted) throw error
    return notStored(member.ulid, 'refused', failure)
  }
}

async function readTrailer(source: MemberSource): Promise<Trailer | Failure> {
  const from = source.bytes - TRAILER_BYTES
  if (from < 0)
    return new Failure('SPOOL_FILE_INVALID', `opening a member: ${source.bytes} bytes are not a spool file`)
  const bytes = await source.read(from, source.bytes)
  try {
    return parseTrailer(bytes, source.bytes)
  } catch (error) {
    return failureFrom(error, 'SPOOL_FILE_INVALID', 'opening a member')
  }
}

/** All sealed bytes pass through their digest, also those after the place where opening failed. */
async function pushAll(
  source: MemberSource,
  trailer: Trailer,
  opening: MemberDecryption,
  signal: AbortSignal,
): Promise<{ isWhole: boolean; failure: Failure | undefined }> {
  const sealedSha256 = createHash('sha256')
  let failure: Failure | undefined
  for await (const piece of source.pieces(trailer.sealedBytes)) {
    signal.throwIfAborted()
    sealedSha256.update(piece)
    if (failure !== undefined) continue
    try {
      await opening.push(piece)
    } catch (error) {
      failure = failureFrom(error, 'INTERNAL', 'opening a member')
      if (OURS.has(failure.code)) throw failure
    }
  }
  return { isWhole: sealedSha256.digest('hex') === trailer.sealedSha256, failure }
}

async function finish(
  ulid: string,
  trailer: Trailer,
  opening: MemberDecryption,
  file: MemberFile,
): Promise<OpenedMember> {
  const { names, ...whole } = await opening.finish(trailer)
  const { writer } = file
  return { stored: { ulid, ...names, ...trailer, ...whole, file: writer?.file }, writer }
}

function notStored(ulid: string, state: 'damaged' | 'refused', { code, message }: Failure): OpenedMember {
  return { answer: { ulid, state, code, reason: message } }
}

function damaged(): Failure {
  return new Failure(
    'SPOOL_FILE_DAMAGED',
    'opening a member: its sealed bytes do not have the digest of its trailer',
  )
}
