import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { failureFrom } from '../platform/failure.ts'
import { checkPrivateFile } from '../platform/private-file.ts'

export interface DicomwebServer {
  /** The DICOMweb service, such as https://pacs.example/dicom-web; its resources are below `/studies`. */
  readonly url: string
  readonly username?: string
  readonly passwordFile?: string
  /** A bearer token; read for every request, so that it may be renewed. */
  readonly tokenFile?: string
  /** PEM, if the server's certificate is signed by its own authority. */
  readonly caFile?: string
  /** Time without any traffic after which a request is aborted. */
  readonly timeoutMs: number
}

interface DicomwebRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Readable
  readonly signal: AbortSignal
}

const CONNECT_MS = 10_000

/** Sends requests to a DICOMweb server with the required trust, user or token. */
export class DicomwebConnection implements AsyncDisposable {
  readonly #server: DicomwebServer
  readonly #agent: Agent

  private constructor(server: DicomwebServer, ca: string | undefined) {
    this.#server = server
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MS, ...(ca === undefined ? {} : { ca }) },
      // A watchdog of the caller also detects a stalled body, which these do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** Throws KEY_FILE_INVALID for missing files, or secrets that other users can read. */
  static async open(server: DicomwebServer): Promise<DicomwebConnection> {
    const ca = server.caFile === undefined ? undefined : await readText(server.caFile)
    const connection = new DicomwebConnection(server, ca)
    await connection.#authorization()
    return connection
  }

  async send({ url, headers, ...rest }: DicomwebRequest): Promise<Dispatcher.ResponseData> {
    const authorization = await this.#authorization()
    const { origin, pathname, search } = new URL(url)
    return this.#agent.request({
      origin,
      path: pathname + search,
      headers: { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) },
      ...rest,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #authorization(): Promise<string | undefined> {
    const { username, passwordFile, tokenFile } = this.#server
    if (tokenFile !== undefined) return `Bearer ${await readSecret(tokenFile)}`
    if (username === undefined) return undefined
    const password = passwordFile === undefined ? '' : await readSecret(passwordFile)
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
  }
}

/** Returns the address of the studies of a service, given with or without `/studies`. */
export function studiesUrl(url: string): string {
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
