import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { type Part10Header, parsePart10Header } from '../src/dicom/read/part10.ts'
import { openAssociation } from '../src/dimse/scu/open-association.ts'
import { systemClock } from '../src/platform/clock.ts'

export interface StoreScp {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
}

/** One DICOM file to be sent. */
export interface StudyInstance extends Part10Header {
  readonly path: string
  /** Bytes of the data set, which cross the wire. */
  readonly dataSetBytes: number
  readonly dataSet: () => AsyncIterable<Buffer>
}

interface SendOptions {
  readonly callingAeTitle?: string
  /** Called after each, with how many have been answered. */
  readonly stored?: (count: number) => void
  /** Called after each, with the ms from its first byte to its answer. */
  readonly answered?: (ms: number) => void
}

const HEADER_BYTES = 4096
const STREAMED_BYTES = 1024 * 1024

/**
 * Sends instances over one association with Ferry's own SCU. Throws at the first answer that is not Success.
 */
export async function sendStudy(
  { host, port, aeTitle }: StoreScp,
  instances: readonly StudyInstance[],
  { callingAeTitle = 'FERRY_BENCH', stored, answered }: SendOptions = {},
): Promise<void> {
  await using association = await openAssociation({
    host,
    port,
    callingAeTitle,
    calledAeTitle: aeTitle,
    contexts: contextsFor(instances),
    clock: systemClock,
  })
  for (const [i, instance] of instances.entries()) {
    const startedAt = performance.now()
    const { status } = await association.store({ ...instance, dataSet: instance.dataSet() })
    if (status !== 0)
      throw new Error(`sending ${instance.path}: answered with status ${status.toString(16)}H`)
    answered?.(performance.now() - startedAt)
    stored?.(i + 1)
  }
}

/** An instance that is read from its file while it is sent. */
export async function instanceOnDisk(path: string): Promise<StudyInstance> {
  await using file = await open(path)
  const { size } = await file.stat()
  const start = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(start)
  const header = parsePart10Header(start.subarray(0, bytesRead))
  if (header === undefined)
    throw new Error(`${path}: a DICOM file whose header is over ${HEADER_BYTES} bytes`)
  return {
    ...header,
    path,
    dataSetBytes: size - header.headerBytes,
    dataSet: () => createReadStream(path, { start: header.headerBytes, highWaterMark: STREAMED_BYTES }),
  }
}

/** An instance that is in memory beforehand: reading files takes a sender longer than sending them. */
export async function instanceInMemory(path: string): Promise<StudyInstance> {
  const instance = await instanceOnDisk(path)
  const dataSet = (await readFile(path)).subarray(instance.headerBytes)
  return { ...instance, dataSet: () => oneChunk(dataSet) }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

function contextsFor(
  headers: readonly Part10Header[],
): { abstractSyntaxUid: string; transferSyntaxUids: string[] }[] {
  const pairs = new Map(
    headers.map(({ sopClassUid, transferSyntaxUid }) => [
      `${sopClassUid} ${transferSyntaxUid}`,
      { abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] },
    ]),
  )
  return [...pairs.values()]
}
