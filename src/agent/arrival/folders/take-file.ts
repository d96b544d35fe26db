import { createHash } from 'node:crypto'
import { NotInstance } from '../../../dicom/file/not-instance.ts'
import { readInstance } from '../../../dicom/file/read-instance.ts'
import { STORAGE_STATUS } from '../../../dicom/vocabulary/storage-status.ts'
import type { Failure, FailureCode } from '../../../platform/failure.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Device } from '../device-list.ts'
import type { WrapFinding } from '../wrap/wrap-finding.ts'
import type { SourceFile } from './source-file.ts'

/** An instance without an association: the fields of a C-STORE command, and the titles of the envelope. */
interface Offered {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly callingAeTitle: string
  readonly calledAeTitle: string
}

interface IntakeAnswer {
  readonly status: number
  readonly failure?: Failure
  readonly instances: readonly Ulid[]
}

/** Takes one instance to the queue; status 0000 means that it is safe. Rejects with the error of `dataSet`. */
export type TakeInstance = (
  offered: Offered,
  dataSet: AsyncIterable<Buffer>,
  device: Device,
) => Promise<IntakeAnswer>

export type Taken =
  | {
      readonly kind: 'taken'
      readonly sha256: string
      readonly instances: readonly Ulid[]
      /** Facts about a wrapped file that a person needs to know. */
      readonly findings?: readonly WrapFinding[]
    }
  /** It cannot be taken as it is; only a person can help. `found` says more than the code, and nothing about a patient. */
  | { readonly kind: 'held'; readonly reason: string; readonly found?: string }
  /** It may be taken later, without anybody's help. */
  | { readonly kind: 'later'; readonly failure: Failure }

export interface TakingMeans {
  readonly take: TakeInstance
  readonly device: Device
  readonly calledAeTitle: string
}

/** Faults of this machine, which pass; all others are of the file. */
const PASSING: ReadonlySet<FailureCode> = new Set([
  'STORAGE_FULL',
  'STORAGE_ERROR',
  'DATABASE_ERROR',
  'NOT_ENROLLED',
  'SEAL_FAILED',
  'INTERNAL',
])

/**
 * Takes a DICOM file as it is: its data set, byte for byte. Its digest is that of the bytes that were taken. Throws
 * SourceChanged if the file was written meanwhile; nothing of it is kept then.
 */
export async function takeDicomFile(source: SourceFile, means: TakingMeans): Promise<Taken> {
  const found = await readInstance(source).catch((error: unknown) => {
    if (error instanceof NotInstance) return error
    throw error
  })
  if (found instanceof NotInstance) return { kind: 'held', reason: 'FILE_UNKNOWN' }
  const hash = createHash('sha256')
  async function* dataSet(headerBytes: number): AsyncGenerator<Buffer> {
    const header = await source.read(0, headerBytes)
    hash.update(header)
    for await (const piece of source.pieces(headerBytes)) {
      hash.update(piece)
      yield piece
    }
    // Before the intake makes anything of it.
    await source.checkUnchanged()
  }
  const answer = await offer(found, dataSet(found.headerBytes), means)
  return outcomeOf([answer], () => hash.digest('hex'))
}

/** Offers one instance in the name of the folder's device. */
export function offer(
  { sopClassUid, sopInstanceUid, transferSyntaxUid }: Omit<Offered, 'callingAeTitle' | 'calledAeTitle'>,
  dataSet: AsyncIterable<Buffer>,
  { take, device, calledAeTitle }: TakingMeans,
): Promise<IntakeAnswer> {
  const instance = { sopClassUid, sopInstanceUid, transferSyntaxUid }
  return take({ ...instance, callingAeTitle: device.aeTitle, calledAeTitle }, dataSet, device)
}

/** A file is taken if all of its instances are. */
export function outcomeOf(answers: readonly IntakeAnswer[], sha256: () => string): Taken {
  for (const { status, failure } of answers) {
    if (status === STORAGE_STATUS.Success) continue
    if (failure !== undefined && PASSING.has(failure.code)) return { kind: 'later', failure }
    return { kind: 'held', reason: failure?.code ?? 'STORE_REFUSED' }
  }
  return { kind: 'taken', sha256: sha256(), instances: answers.flatMap(({ instances }) => instances) }
}
