import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A door before a PACS: it lets requests through, or answers them itself. 'away' breaks every connection. */
export class PacsDoor implements AsyncDisposable {
  mode: 'open' | 'away' | 'redirect' | 'unauthorized' | 'page' = 'open'
  readonly #server: Server

  private constructor(targetPort: number) {
    this.#server = createServer((incoming, response) => {
      if (this.mode === 'away') return void incoming.socket.destroy()
      if (this.mode !== 'open') {
        incoming.resume()
        const [status, headers, body] = ANSWERS[this.mode]
        return void incoming.once('end', () => response.writeHead(status, headers).end(body))
      }
      const { method, url: path, headers } = incoming
      const outgoing = request({ host: '127.0.0.1', port: targetPort, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      outgoing.once('error', () => response.destroy())
      return void incoming.pipe(outgoing)
    })
  }

  static async start(targetPort: number): Promise<PacsDoor> {
    const door = new PacsDoor(targetPort)
    door.#server.listen(0, '127.0.0.1')
    await once(door.#server, 'listening')
    return door
  }

  get dicomWebUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/dicom-web`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const ANSWERS: Readonly<
  Record<'redirect' | 'unauthorized' | 'page', readonly [number, Record<string, string>, string]>
> = {
  redirect: [307, { location: 'https://pacs.example/dicom-web/studies?session=secret' }, ''],
  unauthorized: [401, { 'www-authenticate': 'Basic realm="PACS"' }, ''],
  page: [200, { 'content-type': 'text/html' }, '<html><body>Please log in</body></html>'],
}
