import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import { HttpSource } from '../../../src/agent/orders/sources/http-source.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const HTTP = { everyMs: 1000, timeoutMs: 5000, fields: {}, defaults: {}, cancelled: [] }
const LIST = '{"code":0,"data":[{"patientName":"张三","patientId":"P1","accessionNumber":"A1"}]}'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server of an information system; the path of its address is `/orders`. With `tls` it has a certificate. */
async function serve(
  answer: Answer,
  tls?: { key: Buffer; cert: Buffer },
): Promise<AsyncDisposable & { url: string }> {
  const server = tls === undefined ? createServer(answer) : createHttpsServer(tls, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has a port
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/orders`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const sourceOf = (url: string, settings: object = {}): HttpSource =>
  new HttpSource({ name: 'his', kind: 'http', http: { ...HTTP, url, ...settings } }, systemClock)

const ask = (url: string, settings: object = {}) => sourceOf(url, settings).ask(new AbortController().signal)

test.each(['utf8', 'gb18030'])('a list in %s is read', async (encoding) => {
  await using server = await serve((_, response) => response.end(encode(LIST, encoding)))
  expect(await ask(server.url)).toMatchObject({ orders: [{ patient: { name: '张三', id: 'P1' } }] })
})

test('an unchanged list is not read again, by its entity tag', async () => {
  const asked: (string | undefined)[] = []
  await using server = await serve((request, response) => {
    asked.push(request.headers['if-none-match'])
    response.statusCode = request.headers['if-none-match'] === '"1"' ? 304 : 200
    response.setHeader('etag', '"1"').end(response.statusCode === 200 ? LIST : undefined)
  })
  const source = sourceOf(server.url)
  const { signal } = new AbortController()
  expect(await source.ask(signal)).toMatchObject({ orders: [{ accessionNumber: 'A1' }] })
  expect(await source.ask(signal)).toBeUndefined()
  expect(asked).toEqual([undefined, '"1"'])
})

test('user, password and token come from files, and dates are put in the address', async () => {
  const seen: string[] = []
  await using server = await serve((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`)
    response.end('[]')
  })
  using folder = tempFolder()
  for (const name of ['password', 'token']) {
    writeFileSync(folder.join(name), `${name}-text\n`)
    chmodSync(folder.join(name), 0o600)
  }
  await ask(`${server.url}?d={today}`, { user: 'ferry', passwordFile: folder.join('password') })
  await ask(server.url, { tokenFile: folder.join('token') })
  const basic = Buffer.from('ferry:password-text').toString('base64')
  expect(seen[0]).toMatch(new RegExp(`^/orders\\?d=\\d{4}-\\d\\d-\\d\\d Basic ${basic}$`))
  expect(seen[1]).toBe('/orders Bearer token-text')
})

test.each<[string, number, Answer, string, string]>([
  ['refuses the user', 5000, (_, response) => response.writeHead(401).end(), 'ORDERS_REFUSED', 'HTTP 401'],
  ['is overloaded', 5000, (_, response) => response.writeHead(503).end(), 'ORDERS_UNREACHABLE', 'HTTP 503'],
  [
    'leads elsewhere',
    5000,
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/x?token=1' }).end(),
    'ORDERS_REFUSED',
    'leads to another address (HTTP 302, http://127.0.0.1:9)',
  ],
  ['shows a login page', 5000, (_, response) => response.end('<html>'), 'ORDERS_INVALID', 'not JSON'],
  ['does not answer', 300, () => {}, 'ORDERS_UNREACHABLE', 'no whole answer within 0.3 s'],
  [
    'drips its answer',
    300,
    (_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    },
    'ORDERS_UNREACHABLE',
    'no whole answer within 0.3 s',
  ],
  [
    'sends without end',
    20_000,
    (_, response) => {
      const piece = Buffer.alloc(256 * 1024, 0x20)
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', more)
      more()
    },
    'ORDERS_INVALID',
    'over 16777216 bytes',
  ],
])('a server that %s is told with its cause', async (_, timeoutMs, answer, code, words) => {
  await using server = await serve(answer)
  await expect(ask(server.url, { timeoutMs })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  })
})

test('a list by HTTPS is read if the certificate is of the named authority and for the host, and refused otherwise', async () => {
  using authority = await InventedAuthority.create('Hospital')
  using stranger = await InventedAuthority.create('Stranger')
  const certificate = async (host: string) => {
    const files = await authority.issue('his', { host })
    return { key: readFileSync(files.key), cert: readFileSync(files.certificate) }
  }
  await using server = await serve((_, response) => response.end(LIST), await certificate('127.0.0.1'))
  const answer = await ask(server.url, { caFile: authority.path })
  expect(answer).toMatchObject({ orders: [{ patient: { name: '张三' } }] })
  for (const settings of [{}, { caFile: stranger.path }])
    await expect(ask(server.url, settings)).rejects.toMatchObject({
      code: 'ORDERS_REFUSED',
      message: expect.stringMatching(/^asking for orders: its certificate is not trusted \(\w+\)/),
    })
  await using other = await serve((_, response) => response.end(LIST), await certificate('10.9.8.7'))
  await expect(ask(other.url, { caFile: authority.path })).rejects.toMatchObject({
    code: 'ORDERS_REFUSED',
    message: 'asking for orders: its certificate is not for this address (ERR_TLS_CERT_ALTNAME_INVALID)',
  })
})

test('a server that is down is told', async () => {
  const server = await serve(() => {})
  await server[Symbol.asyncDispose]()
  await expect(ask(server.url)).rejects.toMatchObject({ code: 'ORDERS_UNREACHABLE' })
})
