import type { ClientRequest } from 'node:http'
import { Failure, failureFrom, systemCode } from '../../platform/failure.ts'
import { lookAt } from '../../platform/path-trouble.ts'
import { refusalSchema } from '../../protocol/center-api.ts'
import { CONTROL_SCHEMA_VERSION, controlSocketPath } from '../../protocol/control-api.ts'
import { USER_HEADER } from '../../protocol/control-service.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { isFailureCode } from '../language/failure-words.ts'
import { osUser } from './os-user.ts'

const ANSWER_MS = 10_000
/** Longest silence while an instance is handed over: a disk that is slow to sync, or a disc that is slow to read. */
const HANDING_MS = 5 * 60_000

/** Any schema that parseJson takes. */
type Schema = Parameters<typeof parseJson>[1]

/** An answer as it came, for `--json`, and as checked values. */
export interface ControlAnswer<Value> {
  readonly json: string
  readonly value: Value
}

/** Asks the agent that works in `dataFolder`. */
export class ControlClient {
  readonly #socketPath: string

  constructor(dataFolder: string) {
    this.#socketPath = controlSocketPath(dataFolder)
  }

  /** Throws NOT_RUNNING, or what the agent answers. `silenceMs`: the longest wait for it. */
  async call<S extends Schema>(
    schema: S,
    method: 'GET' | 'POST',
    path: string,
    silenceMs = ANSWER_MS,
  ): Promise<ControlAnswer<ReturnType<typeof parseJson<S>>>> {
    return checked(schema, await this.#exchange(method, path, silenceMs))
  }

  /**
   * Asks with a body. The agent may answer before it has all of it. Throws the error of `body`, and what {@link call}
   * throws.
   */
  async send<S extends Schema>(
    schema: S,
    path: string,
    body: AsyncIterable<Buffer>,
    signal?: AbortSignal,
  ): Promise<ControlAnswer<ReturnType<typeof parseJson<S>>>> {
    return checked(schema, await this.#exchange('POST', path, HANDING_MS, { body, signal }))
  }

  async #exchange(
    method: string,
    path: string,
    silenceMs: number,
    sent?: { body: AsyncIterable<Buffer>; signal: AbortSignal | undefined },
  ): Promise<Answered> {
    // An import would evaluate every export of node:http, the whole of fetch among them: a fifth of `ferry status`.
    const { request: httpRequest } = process.getBuiltinModule('node:http')
    const { promise, resolve, reject } = Promise.withResolvers<Answered>()
    // A server that is told to close the connection closes it behind an early answer, and the answer may be lost.
    const connection = sent === undefined ? {} : { connection: 'keep-alive' }
    const headers = { ...connection, [USER_HEADER]: encodeURIComponent(osUser({ environment: process.env })) }
    const target = {
      socketPath: this.#socketPath,
      method,
      path,
      headers,
      agent: false,
      signal: sent?.signal,
    }
    const request = httpRequest(target, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    request.setTimeout(silenceMs, () => request.destroy(new Error('no answer in time')))
    request.on('error', reject)
    const answered = promise.catch((error: unknown) => {
      throw notReached(error, this.#socketPath)
    })
    if (sent === undefined) request.end()
    else await writeBody(request, sent.body, answered)
    try {
      return await answered
    } finally {
      request.destroy()
    }
  }
}

interface Answered {
  readonly status: number
  readonly text: string
}

/** Writes until the body ends or the agent has answered. Throws the error of `body`, and breaks the request off then. */
async function writeBody(
  request: ClientRequest,
  body: AsyncIterable<Buffer>,
  answered: Promise<unknown>,
): Promise<void> {
  let isOver = false
  const over = answered.then(
    () => void (isOver = true),
    () => void (isOver = true),
  )
  try {
    for await (const piece of body) {
      if (isOver) break
      if (!request.write(piece)) await Promise.race([drained(request), over])
    }
  } catch (error) {
    request.destroy()
    await over
    throw error
  }
  if (!isOver) request.end()
}

const drained = (request: ClientRequest): Promise<void> =>
  new Promise((resolve) => request.once('drain', () => resolve()))

function checked<S extends Schema>(
  schema: S,
  { status, text }: Answered,
): ControlAnswer<ReturnType<typeof parseJson<S>>> {
  if (status !== 200) throw refusal(text)
  const version = /^\{"schemaVersion":(\d+)/.exec(text)?.[1]
  if (version !== String(CONTROL_SCHEMA_VERSION)) {
    throw new Failure(
      'AGENT_VERSION',
      `reading the agent's answer: it has version ${version ?? 'unknown'}, this program knows ${CONTROL_SCHEMA_VERSION}`,
    )
  }
  return { json: text, value: parseJson(text, schema, 'INTERNAL', "reading the agent's answer") }
}

function notReached(error: unknown, path: string): Failure {
  const code = systemCode(error)
  if (code === 'EACCES' || code === 'EPERM') {
    const words = lookAt(path)?.words ?? 'permission denied'
    return new Failure('ACCESS_DENIED', `asking the agent at ${path}\n${words}`, { cause: error })
  }
  return failureFrom(error, 'NOT_RUNNING', `asking the agent at ${path}`)
}

function refusal(text: string): Failure {
  const { code, message } = parseJson(
    text.replace(/^\{"schemaVersion":\d+,/, '{'),
    refusalSchema,
    'INTERNAL',
    "reading the agent's answer",
  )
  return new Failure(isFailureCode(code) ? code : 'INTERNAL', message)
}
