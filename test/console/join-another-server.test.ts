import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, test } from '@jest/globals'
import { newTlsCertificate } from '../../src/center/keys/tls-certificate.ts'
import { encodeJoinCode } from '../../src/protocol/join-code.ts'
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

test('ferry join tells nothing to a server that shows another key than the join code names', async () => {
  const { key, certificate } = await newTlsCertificate('127.0.0.1', Date.now())
  const told: Buffer[] = []
  const server = createTlsServer({ key, cert: certificate }, (socket) => {
    socket.on('error', () => {}).on('data', (bytes: Buffer) => told.push(bytes))
  })
  const { exitCode, out, err } = await joinAt(server)
  expect([exitCode, out]).toEqual([1, ''])
  expect(err).toContain('the server at the address of the center is not this center')
  expect(err).toMatch(/it shows the key \S+…, not one that the center announced; nothing was sent/)
  expect(told).toEqual([])
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
    center: '0'.repeat(64),
    tlsPin: 'A'.repeat(43),
    token: 'x'.repeat(22),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  })
  try {
    await runCommand(folder.path, ['init'])
    return { port, ...(await runCommand(folder.path, ['join', code])) }
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}
