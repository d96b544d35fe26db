import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StowRequest {
  readonly headers: IncomingHttpHeaders
  /** The DICOM files of the body, each byte of them. */
  readonly files: readonly Buffer[]
}

export interface StowResponse {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers a request to retrieve. */
export type Retrieve = (request: IncomingMessage) => {
  readonly status: number
  readonly contentType?: string
  readonly body?: Buffer
}

/** A PACS that answers STOW-RS as a test wants it to ('break': not at all), and remembers what it was sent. */
export class StowStub implements AsyncDisposable {
  readonly requests: StowRequest[] = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  private constructor(answer: (request: StowRequest) => StowResponse | 'break', retrieve: Retrieve) {
    this.#server = createServer((request, response) => {
      if (request.method === 'GET') {
        const { status, contentType = 'text/plain', body = Buffer.alloc(0) } = retrieve(request)
        response.writeHead(status, { 'content-type': contentType }).end(body)
        return
      }
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.once('end', () => {
        const files = filesOf(request.headers['content-type'] ?? '', Buffer.concat(pieces))
        const stow = { headers: request.headers, files }
        this.requests.push(stow)
        const answered = answer(stow)
        if (answered === 'break') {
          request.socket.destroy()
          for (const check of this.#waiting) check()
          return
        }
        const { status, body = '', headers = {} } = answered
        response.writeHead(status, { 'content-type': 'application/dicom+json', ...headers })
        if (status === 204 || status === 304) response.end()
        else response.end(body)
        for (const check of this.#waiting) check()
      })
    })
  }

  /** `retrieve` answers WADO-RS; without it there is none. */
  static async start(
    answer: (request: StowRequest) => StowResponse | 'break',
    retrieve: Retrieve = () => ({ status: 404 }),
  ): Promise<StowStub> {
    const stub = new StowStub(answer, retrieve)
    stub.#server.listen(0, '127.0.0.1')
    await once(stub.#server, 'listening')
    return stub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/dicom-web`
  }

  /** Resolves when this many requests have come. */
  async received(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.requests.length < count) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A Store Instances Response Module in DICOM JSON. */
export function stowModule(
  stored: readonly string[],
  failed: ReadonlyMap<string, number> = new Map(),
): string {
  const referenced = stored.map((uid) => ({ '00081155': { vr: 'UI', Value: [uid] } }))
  const failures = Array.from(failed, ([uid, reason]) => ({
    '00081155': { vr: 'UI', Value: [uid] },
    '00081197': { vr: 'US', Value: [reason] },
  }))
  return JSON.stringify({
    ...(referenced.length > 0 ? { '00081199': { vr: 'SQ', Value: referenced } } : {}),
    ...(failures.length > 0 ? { '00081198': { vr: 'SQ', Value: failures } } : {}),
  })
}

/** The parts of a multipart body (RFC 2046 §5.1.1), read strictly. */
function filesOf(contentType: string, body: Buffer): Buffer[] {
  const boundary = /^multipart\/related; type="application\/dicom"; boundary=(\S+)$/.exec(contentType)?.[1]
  if (boundary === undefined) throw new Error(`not multipart/related of DICOM: ${contentType}`)
  const files: Buffer[] = []
  const delimiter = Buffer.from(`--${boundary}`)
  let at = body.indexOf(delimiter) + delimiter.length
  for (let next = body.indexOf(delimiter, at); next !== -1; next = body.indexOf(delimiter, at)) {
    const part = body.subarray(at, next)
    const start = part.indexOf('\r\n\r\n') + 4
    if (part.toString('latin1', 0, start) !== '\r\nContent-Type: application/dicom\r\n\r\n')
      throw new Error('part head')
    files.push(part.subarray(start, -2))
    at = next + delimiter.length
  }
  if (body.toString('latin1', at) !== '--\r\n') throw new Error('the body does not end with its boundary')
  return files
}
