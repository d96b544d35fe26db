import { createReadStream } from 'node:fs'
import type { Part10Header } from '../dicom/part10.ts'
import { isStored } from '../dicom/storage-status.ts'
import { parseUid } from '../dicom/uid.ts'
import { type OpenAssociationOptions, openAssociation } from '../dimse/open-association.ts'
import type { RequestedAssociation } from '../dimse/requested-association.ts'
import { failureFrom } from '../platform/failure.ts'
import { readPart10Header } from './read-part10-header.ts'

/** What became of one file. */
export interface FileOutcome {
  readonly path: string
  readonly isStored: boolean
  /** The peer's status, where it answered. */
  readonly status?: number
  readonly words: string
}

type Peer = Omit<OpenAssociationOptions, 'contexts'>

interface DicomFile {
  readonly path: string
  readonly header: Part10Header
}

/** The standard's limit is 128 contexts in one association (PS3.8 §9.3.2.2). */
const CONTEXTS = 128
const CHUNK_BYTES = 256 * 1024

/**
 * Stores files one after the other, each data set byte for byte in the transfer syntax that it has. What can't be read
 * or is refused does not stop the others; a connection that can't be opened ends it all with its Failure.
 */
export async function* sendFiles(
  paths: readonly string[],
  peer: Peer,
  signal?: AbortSignal,
): AsyncGenerator<FileOutcome> {
  const files: DicomFile[] = []
  for (const path of paths) {
    try {
      files.push({ path, header: checked(await readPart10Header(path)) })
    } catch (error) {
      const { message } = failureFrom(error, 'DATA_SET_UNREADABLE', 'reading the file')
      yield { path, isStored: false, words: message }
    }
  }
  for (const batch of batches(files)) yield* sendBatch(batch, peer, signal)
}

async function* sendBatch(
  files: readonly DicomFile[],
  peer: Peer,
  signal?: AbortSignal,
): AsyncGenerator<FileOutcome> {
  const contexts = Array.from(
    new Map(files.map((file) => [contextKey(file), file])).values(),
    ({ header }) => ({
      abstractSyntaxUid: header.sopClassUid,
      transferSyntaxUids: [header.transferSyntaxUid],
    }),
  )
  await using association = await openAssociation({ ...peer, contexts }, signal)
  for (const file of files) yield await store(association, file)
}

async function store(association: RequestedAssociation, { path, header }: DicomFile): Promise<FileOutcome> {
  const dataSet = createReadStream(path, { start: header.headerBytes, highWaterMark: CHUNK_BYTES })
  try {
    const { status, errorComment } = await association.store({ ...header, dataSet })
    const words = `status ${status.toString(16).padStart(4, '0')}${errorComment ? `: ${errorComment}` : ''}`
    return { path, isStored: isStored(status), status, words }
  } catch (error) {
    return { path, isStored: false, words: failureFrom(error, 'INTERNAL', 'sending').message }
  } finally {
    dataSet.destroy()
  }
}

/** Bxxx: stored, with a remark (PS3.7 §C). */
/** What is proposed must be UIDs: one that is not would cost the whole association. */
function checked(header: Part10Header): Part10Header {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = header
  for (const uid of [sopClassUid, sopInstanceUid, transferSyntaxUid]) parseUid(uid)
  return header
}

function* batches(files: readonly DicomFile[]): Generator<DicomFile[]> {
  let batch: DicomFile[] = []
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

const contextKey = ({ header }: DicomFile): string => `${header.sopClassUid} ${header.transferSyntaxUid}`
