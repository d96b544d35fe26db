import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import { expect, test } from '@jest/globals'
import { readIdentity } from '../../src/center/keys/center-identity.ts'
import { newTlsCertificate, type TlsCertificate } from '../../src/center/keys/tls-certificate.ts'
import { speak } from '../../src/console/language/language.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { KIB, NONE, openBadLine } from './support/bad-line.ts'

/** A server in the center's place that counts what it is told once a connection is encrypted. */
class Impostor implements AsyncDisposable {
  connections = 0
  bytesTold = 0
  readonly #server: ReturnType<typeof createServer>
  readonly #sockets = new Set<Socket>()

  private constructor({ key, certificate }: TlsCertificate) {
    this.#server = createServer({ key, cert: certificate }, (socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes: Buffer) => (this.bytesTold += bytes.length))
    })
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
    })
  }

  static async start(tls: TlsCertificate, port: number): Promise<Impostor> {
    const impostor = new Impostor(tls)
    impostor.#server.listen(port, '127.0.0.1')
    await once(impostor.#server, 'listening')
    return impostor
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

test('a server that shows another key is told not a byte, and a person is called in clear words', async () => {
  await using bad = await openBadLine({ clock: new FastClock(LINE_SPEED) })
  const { clinic, log } = bad
  const { port } = clinic.center
  await clinic.stopCenter()
  {
    await using impostor = await Impostor.start(await newTlsCertificate('127.0.0.1', Date.now()), port)
    await sendInstances(clinic.agent.port, [inventedInstance(KIB)])
    // Connections that the stopped center still had may be reset first.
    await until(
      () => [impostor.connections, clinic.agent.service.status().center.trouble?.reasonCode] as const,
      ([connections, reason]) => connections >= 4 && reason === 'CENTER_IDENTITY',
    )
    const status = clinic.agent.service.status()
    expect(assessHealth(status, speak('en'), 'en')).toContainEqual(
      expect.objectContaining({
        severity: 'act',
        code: 'CENTER_IDENTITY',
        what: expect.stringMatching(/not this center.* not one that the center announced; nothing was sent/),
        todo: expect.stringContaining('ask the center'),
      }),
    )
    expect(log.of('error')).toMatchObject([
      { message: 'destination needs an operator', fields: { code: 'CENTER_IDENTITY' } },
    ])
    expect(impostor.bytesTold).toBe(0)
  }
  await clinic.startCenter()
  expect(await allSettled(clinic)).toEqual({ ...NONE, confirmed: 1 })
}, 120_000)

test('a server with the key of the center is told something: the test above can fail', async () => {
  await using bad = await openBadLine({ clock: new FastClock(LINE_SPEED) })
  const { clinic } = bad
  const { port } = clinic.center
  const { tls } = await readIdentity(`${clinic.folder}/center`, Date.now())
  await clinic.stopCenter()
  await using impostor = await Impostor.start(tls, port)
  await sendInstances(clinic.agent.port, [inventedInstance(KIB)])
  expect(
    await until(
      () => impostor.bytesTold,
      (bytes) => bytes > 0,
    ),
  ).toBeGreaterThan(0)
}, 120_000)
