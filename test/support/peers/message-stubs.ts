import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

interface Posted {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An address that takes messages by POST, and answers as a test wants it to. */
export class WebhookStub implements AsyncDisposable {
  readonly posted: Posted[] = []
  answer = { status: 200, body: '{"errcode":0,"errmsg":"ok"}' }
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.once('end', () => {
        const { url = '', headers } = request
        this.posted.push({ url, headers, body: Buffer.concat(pieces).toString('utf8') })
        response.writeHead(this.answer.status, { 'content-type': 'application/json' }).end(this.answer.body)
      })
    })
  }

  static async start(): Promise<WebhookStub> {
    const stub = new WebhookStub()
    stub.#server.listen(0, '127.0.0.1')
    await once(stub.#server, 'listening')
    return stub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A mail server that takes every mail of the user `ferry`. */
export class MailServer implements AsyncDisposable {
  readonly mails: string[] = []
  readonly #server: SMTPServer
  readonly #password: string

  private constructor(password: string) {
    this.#password = password
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password: given }, _session, done) => {
        const isRight = username === 'ferry' && given === this.#password
        done(isRight ? null : new Error('535 wrong password'), isRight ? { user: 'ferry' } : undefined)
      },
      onData: (stream, _session, done) => {
        const pieces: Buffer[] = []
        stream.on('data', (piece: Buffer) => pieces.push(piece))
        stream.once('end', () => {
          this.mails.push(Buffer.concat(pieces).toString('utf8'))
          done()
        })
      },
    })
  }

  static async start(password: string): Promise<MailServer> {
    const started = new MailServer(password)
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve))
    return started
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
