import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import type { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { signAccessToken, TOKEN_LIFE_S } from '../../protocol/access-token.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import type { SigningKey } from '../../protocol/signing-key.ts'
import { failureOfRefusal, isWebPage, refusalCode, webPage } from './center-refusal.ts'
import { firstContactConnector, pinnedConnector } from './pinned-tls.ts'
import { Silence } from './silence.ts'

/** Only a large receipt comes near this limit. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024
/** More than twice the time for which the center delays an answer. */
const SILENCE_MS = 60_000
/** Minimum rate of the line for a body that cannot be sent in parts. */
const LEAST_BYTES_PER_MS = 1

interface CenterRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  headers?: Record<string, string>
  body?: string | AsyncIterable<Uint8Array>
  /** Statuses other than 2xx that the caller handles itself. */
  also?: readonly number[]
  /** Silence of this length ends the request; default: 60 s plus the time that a text takes on a very slow line. */
  silenceMs?: number
  /** A longer answer is rejected; default 4 MiB. */
  answerLimitBytes?: number
  /** The content of the request in words, such as "the study's list"; default "the request". */
  content?: string
  /** The subject of an alarm about the answer: a study, or a kind of request. Without one there is no alarm. */
  subject?: string | undefined
  /** True if its success says nothing about the other requests with the same subject. */
  isPreparation?: boolean
  signal?: AbortSignal | undefined
}

export interface CenterResponse {
  status: number
  headers: Dispatcher.ResponseData['headers']
  body: string
}

/** Read for each request: a running agent may join another center. */
type CenterClientOptions = (IdentifiedCenter | FirstContact) & {
  readonly url: string
  clock: Clock
  /** Called after each request with a subject; `failure` is undefined for a success. */
  answered?: (subject: string, failure: Failure | undefined, isPreparation: boolean) => void
}

interface IdentifiedCenter {
  /** The center's root key fingerprint: the audience of tokens. */
  readonly center: string
  pins: () => readonly string[]
  signingKey: SigningKey
}

interface FirstContact {
  /** Called with the pin of the TLS key that is shown. Any key is accepted, and requests carry no token. */
  firstContact: (pin: string) => void
}

/**
 * HTTPS to the center: pinned TLS 1.3, a short-lived token signed with the agent's key in every request, failures by
 * code.
 */
export class CenterClient implements AsyncDisposable {
  readonly #options: CenterClientOptions
  readonly #agent: Agent
  #token: { text: string; center: string; until: number } | undefined
  /** The time of the center's clock at its last answer, and the time of our monotonic clock at that moment. */
  #told: { centerMs: number; atMs: number } | undefined

  constructor(options: CenterClientOptions) {
    this.#options = options
    this.#agent = new Agent({
      connect:
        'firstContact' in options
          ? firstContactConnector(options.firstContact, options.clock)
          : pinnedConnector(options.pins, options.clock),
      pipelining: 1,
      keepAliveTimeout: 30_000,
    })
  }

  /** How far the center's clock is ahead of this machine's, ms; undefined before its first answer. */
  get clockOffsetMs(): number | undefined {
    const now = this.#centerNow()
    return now === undefined ? undefined : now - this.#options.clock.now()
  }

  /** Throws the failure in the center's answer, or one that describes how the connection failed. */
  async request(request: CenterRequest): Promise<CenterResponse> {
    return this.#report(request, await this.#exchange(request))
  }

  /** Sends a request whose answer is JSON of the given shape; any other answer is CENTER_ANSWER_INVALID. */
  async json<Schema extends z.ZodType>(schema: Schema, request: CenterRequest): Promise<z.infer<Schema>> {
    const response = await this.#exchange(request)
    const attempted = `reading the center's answer to ${request.method} ${request.path}`
    return this.#report(
      request,
      response instanceof Failure ? response : parsed(response.body, schema, attempted),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #exchange(request: CenterRequest): Promise<CenterResponse | Failure> {
    const response = await this.#send(request)
    this.#learnTime(response)
    if (isTokenTime(response, request)) {
      // One of the clocks is wrong; the pinned center's is good enough for signing. A streamed body cannot be
      // sent again.
      this.#token = undefined
      if (request.body === undefined || typeof request.body === 'string')
        return this.#checked(await this.#send(request), request)
    }
    return this.#checked(response, request)
  }

  async #send({
    method,
    path,
    headers,
    body,
    signal,
    silenceMs = SILENCE_MS + (typeof body === 'string' ? body.length / LEAST_BYTES_PER_MS : 0),
    answerLimitBytes = ANSWER_LIMIT_BYTES,
  }: CenterRequest): Promise<CenterResponse> {
    using silence = new Silence(this.#options.clock, silenceMs, signal)
    try {
      const response = await this.#agent.request({
        origin: this.#options.url,
        method,
        path,
        headers: { ...this.#authorization(), ...headers },
        body:
          typeof body === 'string' || body === undefined
            ? (body ?? null)
            : Readable.from(silence.during(body)),
        headersTimeout: 0,
        bodyTimeout: 0,
        signal: silence.signal,
      })
      silence.heard()
      return {
        status: response.statusCode,
        headers: response.headers,
        body: await limitedText(silence.during(response.body), answerLimitBytes),
      }
    } catch (error) {
      if (signal?.aborted) throw error
      throw lineFailure(silence.words ?? error, `${method} ${path}`)
    }
  }

  #authorization(): Record<string, string> {
    return 'firstContact' in this.#options ? {} : { authorization: `Bearer ${this.#bearer(this.#options)}` }
  }

  #bearer({ clock, signingKey, center }: IdentifiedCenter & Pick<CenterClientOptions, 'clock'>): string {
    const now = this.#centerNow() ?? clock.now()
    if (this.#token?.center !== center || clock.monotonicMs() > this.#token.until) {
      const until = clock.monotonicMs() + (TOKEN_LIFE_S * 1000) / 2
      this.#token = { text: signAccessToken(signingKey, center, now), center, until }
    }
    return this.#token.text
  }

  #learnTime({ headers }: CenterResponse): void {
    const centerMs = Date.parse(String(headers['date']))
    if (!Number.isNaN(centerMs)) this.#told = { centerMs, atMs: this.#options.clock.monotonicMs() }
  }

  /** The center's time by its last answer plus the time since: a jump of this machine's clock does not change it. */
  #centerNow(): number | undefined {
    if (this.#told === undefined) return undefined
    return Math.round(this.#told.centerMs + this.#options.clock.monotonicMs() - this.#told.atMs)
  }

  #checked(response: CenterResponse, request: CenterRequest): CenterResponse | Failure {
    const { status } = response
    const { method, path, also, body, content = 'the request' } = request
    const isSuccess = status >= 200 && status < 300
    if (isSuccess && isWebPage(response)) return webPage(status, `${method} ${path}`)
    if (isSuccess || (also?.includes(status) && !isWebPage(response))) return response
    const sentBytes = typeof body === 'string' ? Buffer.byteLength(body) : undefined
    return failureOfRefusal({ ...response, request: `${method} ${path}`, content, sentBytes })
  }

  /** Reports the result of a request, and throws if it is a failure. */
  #report<Answer>({ subject, isPreparation = false }: CenterRequest, answer: Answer | Failure): Answer {
    const failure = answer instanceof Failure ? answer : undefined
    if (subject !== undefined) this.#options.answered?.(subject, failure, isPreparation)
    if (answer instanceof Failure) throw answer
    return answer
  }
}

/** An answer to HEAD has no body: a refused token may have a wrong time. */
function isTokenTime({ status, body }: CenterResponse, { method }: CenterRequest): boolean {
  return status === 401 && (method === 'HEAD' || refusalCode(body) === 'TOKEN_TIME')
}

function parsed<Schema extends z.ZodType>(
  body: string,
  schema: Schema,
  attempted: string,
): z.infer<Schema> | Failure {
  try {
    return parseJson(body, schema, 'CENTER_ANSWER_INVALID', attempted)
  } catch (error) {
    return failureFrom(error, 'CENTER_ANSWER_INVALID', attempted)
  }
}

async function limitedText(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > limitBytes)
      throw new Failure(
        'CENTER_ANSWER_INVALID',
        `reading the center's answer: it is over ${limitBytes} bytes`,
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function lineFailure(error: unknown, attempted: string): Failure {
  return failureFrom(error, 'CENTER_UNREACHABLE', `the line to the center broke in ${attempted}`)
}
