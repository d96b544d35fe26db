import { createHash } from 'node:crypto'
import { parsePart10Header } from '../dicom/read/part10.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import { DicomwebConnection, type DicomwebServer, studiesUrl } from './dicomweb-connection.ts'
import { boundaryOf, firstPart } from './first-part.ts'
import { StallWatchdog } from './stall-watchdog.ts'

/** Names an instance in a server. */
export interface WadoInstance {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
}

/** 'copy': the server gave it out. 'none': it does not, so there is nothing to compare. 'unavailable': not now. */
export type WadoAnswer =
  | ({ readonly kind: 'copy' } & Part10Digest)
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly failure: Failure }

const ATTEMPTED = 'retrieving by WADO-RS'
/** Original bytes, in the transfer syntax in which they are stored (PS3.18 §8.7.3.5.2). */
const ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'

/** Retrieves instances by WADO-RS (PS3.18 §10.4). */
export class WadoClient implements AsyncDisposable {
  readonly #server: DicomwebServer
  readonly #clock: Clock
  readonly #connection: DicomwebConnection

  private constructor(server: DicomwebServer, clock: Clock, connection: DicomwebConnection) {
    this.#server = server
    this.#clock = clock
    this.#connection = connection
  }

  /** Throws KEY_FILE_INVALID for files that are not there, or secrets that other users can read. */
  static async open(server: DicomwebServer, clock: Clock): Promise<WadoClient> {
    return new WadoClient(server, clock, await DicomwebConnection.open(server))
  }

  /** Digests the server's copy while it streams in, and keeps none of it. Throws for the signal alone. */
  async copyOf(instance: WadoInstance, signal: AbortSignal): Promise<WadoAnswer> {
    const watchdog = new StallWatchdog(this.#clock, this.#server.timeoutMs, ATTEMPTED)
    try {
      return await this.#retrieve(instance, watchdog, signal)
    } catch (error) {
      signal.throwIfAborted()
      return { kind: 'unavailable', failure: failureFrom(error, 'PACS_UNREACHABLE', ATTEMPTED) }
    } finally {
      watchdog.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  async #retrieve(instance: WadoInstance, watchdog: StallWatchdog, signal: AbortSignal): Promise<WadoAnswer> {
    const { statusCode, headers, body } = await this.#connection.send({
      method: 'GET',
      url: instanceUrl(this.#server.url, instance),
      headers: { Accept: ACCEPT },
      signal: AbortSignal.any([signal, watchdog.signal]),
    })
    if (statusCode !== 200) {
      await body.dump()
      const found = `${ATTEMPTED}: the PACS answered ${statusCode}`
      return statusCode >= 500 || statusCode === 408 || statusCode === 429
        ? { kind: 'unavailable', failure: new Failure('PACS_UNREACHABLE', found) }
        : { kind: 'none', reason: `the PACS answered ${statusCode}` }
    }
    const boundary = boundaryOf(String(headers['content-type'] ?? ''))
    if (boundary === undefined) {
      await body.dump()
      return { kind: 'none', reason: 'the PACS answered something else than DICOM files' }
    }
    const digest = await part10Digest(firstPart(watchdog.watch(body as AsyncIterable<Buffer>), boundary))
    return digest === undefined
      ? { kind: 'none', reason: 'the PACS answered no DICOM file' }
      : { kind: 'copy', ...digest }
  }
}

function instanceUrl(
  url: string,
  { studyInstanceUid, seriesInstanceUid, sopInstanceUid }: WadoInstance,
): string {
  const [study, series, instance] = [studyInstanceUid, seriesInstanceUid, sopInstanceUid].map(
    encodeURIComponent,
  )
  return `${studiesUrl(url)}/${study}/series/${series}/instances/${instance}`
}

/** The content of a DICOM file, by its bytes. */
interface Part10Digest {
  readonly transferSyntaxUid: string
  /** SHA-256 of the data set, lower-case hex. */
  readonly dataSetSha256: string
}

/** Digests the data set of a DICOM file while it streams past. Throws DATA_SET_UNREADABLE for what is not such a file. */
async function part10Digest(file: AsyncIterable<Buffer>): Promise<Part10Digest | undefined> {
  const digest = createHash('sha256')
  let head: Buffer = Buffer.alloc(0)
  let transferSyntaxUid: string | undefined
  for await (const piece of file) {
    if (transferSyntaxUid !== undefined) {
      digest.update(piece)
      continue
    }
    head = Buffer.concat([head, piece])
    const header = parsePart10Header(head)
    if (header === undefined) continue
    transferSyntaxUid = header.transferSyntaxUid
    digest.update(head.subarray(header.headerBytes))
  }
  return transferSyntaxUid === undefined
    ? undefined
    : { transferSyntaxUid, dataSetSha256: digest.digest('hex') }
}
