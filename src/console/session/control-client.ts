import { Failure, failureFrom, systemCode } from '../../platform/failure.ts'
import { lookAt } from '../../platform/path-trouble.ts'
import { refusalSchema } from '../../protocol/center-api.ts'
import { CONTROL_SCHEMA_VERSION, controlSocketPath } from '../../protocol/control-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { isFailureCode } from '../language/failure-words.ts'

const ANSWER_MS = 10_000

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

  /** Throws NOT_RUNNING, or what the agent answers. */
  async call<S extends Schema>(
    schema: S,
    method: 'GET' | 'POST',
    path: string,
  ): Promise<ControlAnswer<ReturnType<typeof parseJson<S>>>> {
    const { status, text } = await this.#exchange(method, path)
    if (status !== 200) throw refusal(text)
    const version = /^\{"schemaVersion":(\d+)/.exec(text)?.[1]
    if (version !== String(CONTROL_SCHEMA_VERSION)) {
      throw new Failure(
        'USAGE',
        `reading the agent's answer: it has version ${version ?? 'unknown'}, this program knows ${CONTROL_SCHEMA_VERSION}: use the ferry that was installed with the agent`,
      )
    }
    return { json: text, value: parseJson(text, schema, 'INTERNAL', "reading the agent's answer") }
  }

  async #exchange(method: string, path: string): Promise<{ status: number; text: string }> {
    // An import would evaluate every export of node:http, the whole of fetch among them: a fifth of `ferry status`.
    const { request: httpRequest } = process.getBuiltinModule('node:http')
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
    const request = httpRequest({ socketPath: this.#socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    request.setTimeout(ANSWER_MS, () => request.destroy(new Error('no answer in time')))
    request.on('error', reject)
    request.end()
    return await promise.catch((error: unknown) => {
      throw notReached(error, this.#socketPath)
    })
  }
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
