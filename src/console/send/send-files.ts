import { type FileProblemReason, fileProblem } from '../../agent/arrival/import/file-problem.ts'
import type { FoundFile } from '../../agent/arrival/import/find-files.ts'
import { openFound } from '../../agent/arrival/import/import-file.ts'
import { readInstanceFile } from '../../agent/arrival/import/read-instance-file.ts'
import type { FiledInstance } from '../../dicom/file/read-instance.ts'
import { isStored } from '../../dicom/vocabulary/storage-status.ts'
import { type OpenAssociationOptions, openAssociation } from '../../dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../dimse/scu/requested-association.ts'
import { failureFrom } from '../../platform/failure.ts'

/** The peer's answer, or why there is none. */
type Result =
  | { readonly kind: 'answered'; readonly status: number; readonly comment: string }
  /** The peer does not take the class in that transfer syntax. */
  | { readonly kind: 'notAccepted' }
  | { readonly kind: 'failed'; readonly words: string }
  | { readonly kind: 'notSent'; readonly reason: FileProblemReason; readonly detail: string }

/** The fate of one file. */
export interface FileOutcome {
  readonly path: string
  readonly isNamed: boolean
  readonly isStored: boolean
  /** Undefined if the file could not be read. */
  readonly file?: FiledInstance
  readonly result: Result
}

type Peer = Omit<OpenAssociationOptions, 'contexts'>

interface Ready extends FoundFile {
  readonly file: FiledInstance
}

/** The standard's limit is 128 contexts in one association (PS3.8 §9.3.2.2). */
const CONTEXTS = 128

/**
 * Stores files one after the other, each data set byte for byte in the transfer syntax that it has. A file that cannot be
 * read, an instance that is refused and an association that ends do not stop the others. If no association can be opened
 * at all, throws its Failure.
 */
export async function* sendFiles(
  found: readonly FoundFile[],
  peer: Peer,
  signal?: AbortSignal,
): AsyncGenerator<FileOutcome> {
  const ready: Ready[] = []
  for (const one of found) {
    const result = one.problem === undefined ? await read(one) : notSent(one.problem)
    if ('kind' in result) yield { path: one.path, isNamed: one.isNamed, isStored: false, result }
    else ready.push({ ...one, file: result })
  }
  let isFirst = true
  for (const batch of batches(ready)) {
    yield* sendBatch(batch, peer, isFirst, signal)
    isFirst = false
  }
}

const notSent = ({ reason, detail }: { reason: FileProblemReason; detail: string }): Result => ({
  kind: 'notSent',
  reason,
  detail,
})

async function read(found: FoundFile): Promise<FiledInstance | Result> {
  try {
    await using source = await openFound(found)
    return await readInstanceFile(source, found.path)
  } catch (error) {
    return notSent(fileProblem(error))
  }
}

/** Opens an association for them, and a new one for the rest if the peer ends it. */
async function* sendBatch(
  files: readonly Ready[],
  peer: Peer,
  isFirst: boolean,
  signal?: AbortSignal,
): AsyncGenerator<FileOutcome> {
  const contexts = contextsOf(files)
  for (let sent = 0; sent < files.length; ) {
    let association: RequestedAssociation
    try {
      association = await openAssociation({ ...peer, contexts }, signal)
    } catch (error) {
      if ((isFirst && sent === 0) || signal?.aborted === true) throw error
      const words = failureFrom(error, 'INTERNAL', 'opening an association').message
      for (const one of files.slice(sent)) yield outcome(one, { kind: 'failed', words })
      return
    }
    await using _ = association
    let isOpen = true
    for (const one of files.slice(sent)) {
      const result = await store(association, one)
      yield outcome(one, result)
      sent++
      isOpen = result.kind !== 'failed'
      if (!isOpen) break
    }
    signal?.throwIfAborted()
  }
}

function outcome({ path, isNamed, file }: Ready, result: Result): FileOutcome {
  return { path, isNamed, file, result, isStored: result.kind === 'answered' && isStored(result.status) }
}

async function store(association: RequestedAssociation, { file, ...found }: Ready): Promise<Result> {
  if (!association.accepts(file.sopClassUid, file.transferSyntaxUid)) return { kind: 'notAccepted' }
  try {
    await using source = await openFound(found)
    const dataSet = source.stream(file.headerBytes)
    const { status, errorComment = '' } = await association.store({ ...file, dataSet })
    return { kind: 'answered', status, comment: errorComment }
  } catch (error) {
    return { kind: 'failed', words: failureFrom(error, 'INTERNAL', 'sending').message }
  }
}

function contextsOf(files: readonly Ready[]): OpenAssociationOptions['contexts'] {
  return Array.from(new Map(files.map((one) => [contextKey(one), one])).values(), ({ file }) => ({
    abstractSyntaxUid: file.sopClassUid,
    transferSyntaxUids: [file.transferSyntaxUid],
  }))
}

function* batches(files: readonly Ready[]): Generator<Ready[]> {
  let batch: Ready[] = []
  let keys = new Set<string>()
  for (const file of files) {
    if (keys.size === CONTEXTS && !keys.has(contextKey(file))) {
      yield batch
      batch = []
      keys = new Set()
    }
    keys.add(contextKey(file))
    batch.push(file)
  }
  if (batch.length > 0) yield batch
}

const contextKey = ({ file }: Ready): string => `${file.sopClassUid} ${file.transferSyntaxUid}`
