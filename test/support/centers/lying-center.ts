import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readIdentity } from '../../../src/center/keys/center-identity.ts'
import type { SigningKey } from '../../../src/protocol/signing-key.ts'

export interface Asked {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Answered {
  status: number
  headers: OutgoingHttpHeaders
  body: string
}

/**
 * Shows the center's own TLS key and passes everything on to the real center, but for what a test changes: a center that
 * is broken, or in the hands of an attacker.
 */
export class LyingCenter implements AsyncDisposable {
  readonly port: number
  /** The key that signs the center's receipts. */
  readonly receiptKey: SigningKey
  /** Answers by itself and returns true, or leaves it to the real center. */
  instead: (asked: Asked, response: ServerResponse) => boolean = () => false
  /** Changes what the real center has answered. */
  change: (asked: Asked, answered: Answered) => Answered = (_asked, answered) => answered
  /** Method and path of every request. */
  readonly asked: string[] = []
  readonly #server: Server
  readonly #targetPort: number

  private constructor(server: Server, targetPort: number, receiptKey: SigningKey) {
    this.#server = server
    this.#targetPort = targetPort
    this.receiptKey = receiptKey
    this.port = (server.address() as AddressInfo).port
    server.on('request', (asking: IncomingMessage, response: ServerResponse) => {
      response.on('error', () => {})
      this.#answer(asking, response).catch(() => response.destroy())
    })
  }

  static async start(center: { folder: string; port: number }): Promise<LyingCenter> {
    const { tls, keys } = await readIdentity(center.folder, Date.now())
    const server = createServer({ key: tls.key, cert: tls.certificate, minVersion: 'TLSv1.3' })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new LyingCenter(server, center.port, keys.receipt[0])
  }

  /** Tells the truth again. */
  repent(): void {
    this.instead = () => false
    this.change = (_asked, answered) => answered
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(asking: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = {
      method: asking.method ?? '',
      path: asking.url ?? '',
      headers: asking.headers,
      body: await whole(asking),
    }
    this.asked.push(`${asked.method} ${asked.path}`)
    if (this.instead(asked, response)) return
    const { status, headers, body } = this.change(asked, await this.#ask(asked))
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  }

  async #ask({ method, path, headers, body }: Asked): Promise<Answered> {
    const { promise, resolve, reject } = Promise.withResolvers<Answered>()
    const target = { host: '127.0.0.1', port: this.#targetPort, rejectUnauthorized: false, agent: false }
    request({ ...target, method, path, headers }, (answer) => {
      whole(answer).then(
        (bytes) =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes.toString() }),
        reject,
      )
    })
      .once('error', reject)
      .end(body)
    return promise
  }
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}
