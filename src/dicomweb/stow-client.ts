import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import { DicomwebConnection, type DicomwebServer, studiesUrl } from './dicomweb-connection.ts'
import { type DicomPart, multipartDicom } from './multipart.ts'
import { StallWatchdog } from './stall-watchdog.ts'
import { readStowAnswer, type StowAnswer, type StowResponse } from './stow-answer.ts'

export interface StowInstance extends DicomPart {
  readonly sopInstanceUid: string
}

const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
/** Media types of a response module (PS3.18 §10.5.3.3). A server need not have both. */
const ANSWER_TYPES = ['application/dicom+json', 'application/dicom+xml'] as const
const NOT_ACCEPTABLE = 406
const ATTEMPTED = 'storing by STOW-RS'

/** Stores instances by STOW-RS (PS3.18 §10.5). */
export class StowClient implements AsyncDisposable {
  readonly #server: DicomwebServer
  readonly #clock: Clock
  readonly #connection: DicomwebConnection
  /** The media type in which this server answers, as far as it is known. */
  #answerType: (typeof ANSWER_TYPES)[number] = ANSWER_TYPES[0]

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
    const watchdog = new StallWatchdog(this.#clock, this.#server.timeoutMs, ATTEMPTED)
    const way = { hasBegun: false }
    try {
      const response = await this.#exchange(instances, way, watchdog, signal)
      return readStowAnswer(
        response,
        instances.map((instance) => instance.sopInstanceUid),
      )
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Failure && error !== watchdog.signal.reason) throw error
      const failure = failureFrom(error, 'PACS_UNREACHABLE', ATTEMPTED)
      // A server that fails on one of the instances breaks off while it receives them.
      return way.hasBegun ? { kind: 'unclear', failure, isOfPacs: false } : { kind: 'unavailable', failure }
    } finally {
      watchdog.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  /**
   * Asks for the media type that the server used before. One that cannot answer in it (406, RFC 9110 §15.5.7) is asked
   * once more, for the other type: the instances that it may have stored already are the same.
   */
  async #exchange(
    instances: readonly StowInstance[],
    way: { hasBegun: boolean },
    watchdog: StallWatchdog,
    signal: AbortSignal,
  ): Promise<StowResponse> {
    const type = this.#answerType
    const response = await this.#ask(type, instances, way, watchdog, signal)
    const other = ANSWER_TYPES.find((one) => one !== type)
    if (response.status !== NOT_ACCEPTABLE || other === undefined) return response
    const again = await this.#ask(other, instances, way, watchdog, signal)
    if (again.status !== NOT_ACCEPTABLE) this.#answerType = other
    return again
  }

  async #ask(
    accept: string,
    instances: readonly StowInstance[],
    way: { hasBegun: boolean },
    watchdog: StallWatchdog,
    signal: AbortSignal,
  ): Promise<StowResponse> {
    const { statusCode, headers, body } = await this.#post(accept, instances, way, watchdog, signal)
    return {
      status: statusCode,
      contentType: textOf(headers['content-type']) ?? '',
      location: shownLocation(textOf(headers['location']), this.#server.url),
      retryAfterMs: retryAfterMs(textOf(headers['retry-after']), this.#clock.now()),
      ...(await readLimited(body, watchdog)),
    }
  }

  async #post(
    accept: string,
    instances: readonly StowInstance[],
    way: { hasBegun: boolean },
    watchdog: StallWatchdog,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { contentType, bytes, content } = multipartDicom(instances)
    async function* sent(): AsyncGenerator<Uint8Array> {
      way.hasBegun = true
      yield* content
    }
    return this.#connection.send({
      method: 'POST',
      url: studiesUrl(this.#server.url),
      headers: {
        'Content-Type': contentType,
        'Content-Length': String(bytes),
        Accept: accept,
      },
      body: Readable.from(watchdog.watch(sent()), { objectMode: false }),
      signal: AbortSignal.any([signal, watchdog.signal]),
    })
  }
}

/** Bytes beyond the limit are not read. */
async function readLimited(
  body: AsyncIterable<Buffer>,
  watchdog: StallWatchdog,
): Promise<{ body: string; isWhole: boolean }> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    watchdog.moved()
    bytes += piece.length
    if (bytes > ANSWER_LIMIT_BYTES) break
    pieces.push(piece)
  }
  return { body: Buffer.concat(pieces).toString('utf8'), isWhole: bytes <= ANSWER_LIMIT_BYTES }
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header

const LOCATION_CHARACTERS = 200

/** An address to show to a person: whole, without user, query and fragment, which may hold a secret. */
function shownLocation(location: string | undefined, base: string): string | undefined {
  if (location === undefined || !URL.canParse(location, base)) return undefined
  const { protocol, host, pathname } = new URL(location, base)
  return `${protocol}//${host}${pathname}`.slice(0, LOCATION_CHARACTERS)
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3). Returns undefined for anything else. */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
