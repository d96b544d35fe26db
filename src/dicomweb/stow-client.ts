import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import { DicomwebConnection, type DicomwebServer, studiesUrl } from './dicomweb-connection.ts'
import { type DicomPart, multipartDicom } from './multipart.ts'
import { readStowAnswer, type StowAnswer } from './stow-answer.ts'
import { Watchdog } from './watchdog.ts'

export interface StowInstance extends DicomPart {
  readonly sopInstanceUid: string
}

const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
const ATTEMPTED = 'storing by STOW-RS'

/** Stores instances by STOW-RS (PS3.18 §10.5). */
export class StowClient implements AsyncDisposable {
  readonly #server: DicomwebServer
  readonly #clock: Clock
  readonly #connection: DicomwebConnection

  private constructor(server: DicomwebServer, clock: Clock, connection: DicomwebConnection) {
    this.#server = server
    this.#clock = clock
    this.#connection = connection
  }

  /** Throws KEY_FILE_INVALID for files that are not there, or secrets that other users can read. */
  static async open(server: DicomwebServer, clock: Clock): Promise<StowClient> {
    return new StowClient(server, clock, await DicomwebConnection.open(server))
  }

  /**
   * Sends the instances in one request. Never throws for what the server or the line does; does for an instance that
   * can't be read (its own Failure), and for the signal.
   */
  async store(instances: readonly StowInstance[], signal: AbortSignal): Promise<StowAnswer> {
    const watchdog = new Watchdog(this.#clock, this.#server.timeoutMs, ATTEMPTED)
    try {
      const { statusCode, body } = await this.#post(instances, watchdog, signal)
      const text = await readLimited(body, watchdog)
      return readStowAnswer(
        statusCode,
        text,
        instances.map((instance) => instance.sopInstanceUid),
      )
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Failure && error !== watchdog.signal.reason) throw error
      return { kind: 'unavailable', failure: failureFrom(error, 'PACS_UNREACHABLE', ATTEMPTED) }
    } finally {
      watchdog.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  async #post(
    instances: readonly StowInstance[],
    watchdog: Watchdog,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { contentType, bytes, content } = multipartDicom(instances)
    return this.#connection.send({
      method: 'POST',
      url: studiesUrl(this.#server.url),
      headers: {
        'Content-Type': contentType,
        'Content-Length': String(bytes),
        Accept: 'application/dicom+json',
      },
      body: Readable.from(watchdog.watch(content), { objectMode: false }),
      signal: AbortSignal.any([signal, watchdog.signal]),
    })
  }
}

async function readLimited(body: AsyncIterable<Buffer>, watchdog: Watchdog): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    watchdog.moved()
    bytes += piece.length
    if (bytes > ANSWER_LIMIT_BYTES) throw new Error(`an answer of more than ${ANSWER_LIMIT_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
