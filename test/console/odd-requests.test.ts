import { expect, test } from '@jest/globals'
import { startControlServer } from '../../src/agent/control/control-server.ts'
import { startStatusPage } from '../../src/console/web/status-page.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { controlSocketPath } from '../../src/protocol/control-api.ts'
import { until } from '../support/clocks/until.ts'
import { FakeControlService } from '../support/peers/fake-control-service.ts'
import { ODD_TARGETS, openPlain, requestFor, sendRaw, statusIn } from '../support/peers/raw-http.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

class ThrowingService extends FakeControlService {
  override status(): never {
    throw new TypeError('a planted exception')
  }
}

async function openBoth(service = new FakeControlService()) {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const log = new RecordingLog()
  stack.use(await startControlServer({ dataFolder: folder.path, service, log }))
  const page = stack.use(
    await startStatusPage({ host: '127.0.0.1', port: 0, service, clock: systemClock, log }),
  )
  const doors = {
    'the status page': {
      open: openPlain({ host: '127.0.0.1', port: Number(new URL(page.url).port) }),
      path: '/api/status',
    },
    'the control socket': { open: openPlain({ path: controlSocketPath(folder.path) }), path: '/v1/status' },
  }
  return { doors, log, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

type Door = keyof Awaited<ReturnType<typeof openBoth>>['doors']

const DOORS: Door[] = ['the status page', 'the control socket']

test.each(DOORS)(
  '%s refuses a target that is not a path, says nothing of it in the log, and goes on',
  async (name) => {
    await using both = await openBoth()
    const { open, path } = both.doors[name]
    for (const target of ODD_TARGETS)
      expect([target, statusIn(await sendRaw(open, requestFor(target)))]).toEqual([target, 400])
    expect(statusIn(await sendRaw(open, requestFor('localhost:80', 'CONNECT')))).toBe(400)
    expect(both.log.of('error')).toEqual([])
    expect(statusIn(await sendRaw(open, requestFor(path)))).toBe(200)
  },
)

test.each(DOORS)('%s answers once, and logs one line, if what it asks throws', async (name) => {
  await using both = await openBoth(new ThrowingService())
  const { open, path } = both.doors[name]
  const answer = await sendRaw(open, requestFor(path))
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 500'])
  expect(both.log.of('error')).toHaveLength(1)
})

test.each(DOORS)('%s goes on after bytes that are not HTTP, upgrades and expectations', async (name) => {
  await using both = await openBoth()
  const { open, path } = both.doors[name]
  const upgrade = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`
  expect(statusIn(await sendRaw(open, Buffer.from('\u0016\u0003\u0001 no HTTP\r\n\r\n')))).toBe(400)
  expect(statusIn(await sendRaw(open, upgrade))).toBe(200)
  expect(statusIn(await sendRaw(open, requestFor(path, 'GET', 'Expect: 200-ok\r\n')))).toBe(417)
  expect(await sendRaw(open, requestFor(path, 'GET', 'Expect: 100-continue\r\n'))).toContain(' 200 OK')
  expect(statusIn(await sendRaw(open, requestFor(path, 'GET', `X: ${'x'.repeat(20_000)}\r\n`)))).toBe(431)
  expect(statusIn(await sendRaw(open, requestFor(path)))).toBe(200)
})

test('silent connections to the status page do not keep a browser out', async () => {
  await using both = await openBoth()
  const { open, path } = both.doors['the status page']
  const silent = Array.from({ length: 200 }, () => open())
  for (const socket of silent) socket.on('error', () => {})
  const answer = await until(
    () => sendRaw(open, requestFor(path)),
    (text) => text !== '',
    5000,
  )
  for (const socket of silent) socket.destroy()
  expect(statusIn(answer)).toBe(200)
})
