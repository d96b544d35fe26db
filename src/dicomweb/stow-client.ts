import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Agent, type Dispatcher, request } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import { checkPrivateFile } from '../platform/private-file.ts'
import { type DicomPart, multipartDicom } from './multipart.ts'
import { readStowAnswer, type StowAnswer } from './stow-answer.ts'

export interface StowServer {
  /** The DICOMweb service, such as https://pacs.example/dicom-web; `/studies` is added. */
  readonly url: string
  readonly username?: string
  readonly passwordFile?: string
  /** A bearer token; read anew for every request, so that it may be renewed. */
  readonly tokenFile?: string
  /** PEM, where the server's certificate is signed by an authority of its own. */
  readonly caFile?: string
  /** How long nothing may move before a request is broken off. */
  readonly timeoutMs: number
}

export interface StowInstance extends DicomPart {
  readonly sopInstanceUid: string
}

const CONNECT_MS = 10_000
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024

/** Stores instances by STOW-RS (PS3.18 §10.5). */
export class StowClient implements AsyncDisposable {
  readonly #server: StowServer
  readonly #clock: Clock
  readonly #agent: Agent

  private constructor(server: StowServer, clock: Clock, ca: string | undefined) {
    this.#server = server
    this.#clock = clock
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MS, ...(ca === undefined ? {} : { ca }) },
      // The watchdog below sees a stalled body as well, which these do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** Throws KEY_FILE_INVALID for files that are not there, or secrets that other users can read. */
  static async open(server: StowServer, clock: Clock): Promise<StowClient> {
    const ca = server.caFile === undefined ? undefined : await readText(server.caFile)
    const client = new StowClient(server, clock, ca)
    await client.#authorization()
    return client
  }

  /**
   * Sends the instances in one request. Never throws for what the server or the line does; does for an instance that
   * can't be read (its own Failure), and for the signal.
   */
  async store(instances: readonly StowInstance[], signal: AbortSignal): Promise<StowAnswer> {
    const watchdog = new Watchdog(this.#clock, this.#server.timeoutMs)
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
      return { kind: 'unavailable', failure: failureFrom(error, 'PACS_UNREACHABLE', 'storing by STOW-RS') }
    } finally {
      watchdog.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #post(
    instances: readonly StowInstance[],
    watchdog: Watchdog,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const authorization = await this.#authorization()
    const { contentType, bytes, content } = multipartDicom(instances)
    return request(studiesUrl(this.#server.url), {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'Content-Type': contentType,
        'Content-Length': String(bytes),
        Accept: 'application/dicom+json',
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      body: Readable.from(watchdog.watch(content), { objectMode: false }),
      signal: AbortSignal.any([signal, watchdog.signal]),
    })
  }

  async #authorization(): Promise<string | undefined> {
    const { username, passwordFile, tokenFile } = this.#server
    if (tokenFile !== undefined) return `Bearer ${await readSecret(tokenFile)}`
    if (username === undefined) return undefined
    const password = passwordFile === undefined ? '' : await readSecret(passwordFile)
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
  }
}

/** Aborts when nothing has moved for so long. */
class Watchdog {
  readonly #controller = new AbortController()
  readonly #clock: Clock
  readonly #timeoutMs: number
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.moved()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  moved(): void {
    this.stop()
    const found = `storing by STOW-RS: nothing moved for ${this.#timeoutMs} ms`
    this.#timer = this.#clock.after(this.#timeoutMs, () =>
      this.#controller.abort(new Failure('PACS_UNREACHABLE', found)),
    )
  }

  stop(): void {
    this.#timer?.cancel()
  }

  async *watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.moved()
      yield piece
    }
    this.moved()
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

function studiesUrl(url: string): string {
  return `${url.replace(/\/+$/, '').replace(/\/studies$/, '')}/studies`
}

function readSecret(path: string): Promise<string> {
  checkPrivateFile(path, 'reading what Ferry shows to the PACS')
  return readText(path)
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw failureFrom(error, 'KEY_FILE_INVALID', `reading ${path}`)
  })
  return text.trim()
}
