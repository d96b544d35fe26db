import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, test } from '@jest/globals'
import { newTlsCertificate, tlsPin } from '../../src/center/keys/tls-certificate.ts'
import { encodeJoinCode, joinToken, verifierOf } from '../../src/protocol/join-code.ts'
import { signKeyList } from '../../src/protocol/key-list.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { type CommandResult, runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('ferry join says that a program without TLS answers at the address of the center', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  const { port, exitCode, out, err } = await joinAt(server)
  expect([exitCode, out]).toEqual([12, ''])
  expect(err).toContain("something that does not speak TLS answers at the center's address")
  expect(err).toContain(`connecting to 127.0.0.1:${port}: what answers there does not speak TLS`)
  expect(err).toContain("compare host and port with the center's operator")
})

test('ferry join tells nothing to a server that has another key than the join code names', async () => {
  const { key, certificate } = await newTlsCertificate('127.0.0.1', Date.now())
  const told: Buffer[] = []
  const root = newSigningKey()
  const list = signKeyList(
    {
      format: 'ferry-keys/1',
      center: root.kid,
      centerName: 'Another center',
      version: 1,
      issuedAt: '2026-01-02T03:04:05.678Z',
      seal: [{ recipient: 'age1', role: 'center' }],
      sign: [root.publicKey.toString('base64url')],
      tlsPins: [tlsPin(certificate)],
    },
    root,
  )
  const body = JSON.stringify(list)
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const server = createTlsServer({ key, cert: certificate }, (socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes: Buffer) => {
        told.push(bytes)
        socket.write(head + body)
      })
  })
  const { exitCode, out, err } = await joinAt(server)
  expect([exitCode, out]).toEqual([1, ''])
  expect(err).toContain('the server at the address of the center is not this center')
  expect(err).toMatch(/its key \S+… is not the one of the join code; nothing was sent/)
  const request = Buffer.concat(told).toString('latin1')
  expect(request).toMatch(/^GET \/v1\/introduction HTTP/)
  expect(request).not.toMatch(/authorization|POST/i)
})

/** Runs `ferry join` in a new folder with a code whose address is that of the server, then closes the server. */
async function joinAt(server: Server): Promise<CommandResult & { port: number }> {
  using folder = tempFolder()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const code = encodeJoinCode({
    url: `https://127.0.0.1:${port}`,
    verifier: verifierOf('0'.repeat(64)),
    token: joinToken(Buffer.alloc(13)),
  })
  try {
    await runCommand(folder.path, ['init'])
    return { port, ...(await runCommand(folder.path, ['join', code])) }
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}
