import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CenterAccount } from '../../../src/agent/send/center-account.ts'
import { CenterClient } from '../../../src/agent/send/center-client.ts'
import { listKeys, revokeKey, rotateKey } from '../../../src/center/keys/change-keys.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import { newSigningKey, type SigningKey } from '../../../src/protocol/signing-key.ts'
import { FastClock } from '../../support/clocks/fast-clock.ts'
import { until } from '../../support/clocks/until.ts'
import { type Clinic, openClinic } from '../../support/programs/clinic.ts'

interface Differences {
  pin?: string
  key?: SigningKey
  clock?: Clock
  port?: number
}

async function askWith(clinic: Clinic, { pin, key, clock, port }: Differences): Promise<number> {
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  const { center, tlsPin } = account.address()
  await using client = new CenterClient({
    url: `https://127.0.0.1:${port ?? clinic.center.port}`,
    center,
    pins: () => [pin ?? tlsPin],
    signingKey: key ?? account.signingKey,
    clock: clock ?? systemClock,
  })
  return (await client.request({ method: 'GET', path: CENTER_PATHS.agent })).status
}

test('the center is known by its key alone: another pin ends the connection before a byte of the request leaves', async () => {
  await using clinic = await openClinic()
  expect(await askWith(clinic, {})).toBe(200)
  const other = Buffer.alloc(32, 1).toString('base64url')
  await expect(askWith(clinic, { pin: other })).rejects.toMatchObject({ code: 'CENTER_IDENTITY' })
})

test('an agent that was away while the TLS key changed comes in by the key that it knows, until that is revoked', async () => {
  await using clinic = await openClinic({ clock: new FastClock(20) })
  const change = { folder: join(clinic.folder, 'center'), nowMs: Date.now() }
  const [old] = (await listKeys(change)).filter(({ kind }) => kind === 'tls')
  const made = await rotateKey(change, 'tls', 0, 'https://127.0.0.1')
  const shown = () => askWith(clinic, { pin: made.id }).catch(() => 0)
  await until(shown, (status) => status === 200)

  expect(await askWith(clinic, { pin: old?.id ?? '' })).toBe(200)
  await revokeKey(change, old?.id ?? '')
  const refused = await until(
    () => askWith(clinic, { pin: old?.id ?? '' }).catch((error: unknown) => error),
    (answer) => answer !== 200,
  )

  expect(refused).toMatchObject({ code: 'CENTER_IDENTITY' })
  expect(await askWith(clinic, { pin: made.id })).toBe(200)
})

test('pins that cannot be read end the attempt, and not the process', async () => {
  await using clinic = await openClinic()
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  await using client = new CenterClient({
    url: `https://127.0.0.1:${clinic.center.port}`,
    center: account.address().center,
    pins: () => {
      throw new Error('EMFILE: too many open files')
    },
    signingKey: account.signingKey,
    clock: systemClock,
  })
  const asked = client.request({ method: 'GET', path: CENTER_PATHS.agent })
  await expect(asked).rejects.toMatchObject({ code: 'CENTER_UNREACHABLE', remedy: 'wait' })
})

test('a key that the center does not know is told so, as something that an operator must settle', async () => {
  await using clinic = await openClinic()
  await expect(askWith(clinic, { key: newSigningKey() })).rejects.toMatchObject({
    code: 'AGENT_UNKNOWN',
    remedy: 'operator',
  })
})

test('a clock that is ten days off is corrected by the clock of the center', async () => {
  await using clinic = await openClinic()
  const wrong: Clock = { ...systemClock, now: () => Date.now() + 10 * 86_400_000 }
  expect(await askWith(clinic, { clock: wrong })).toBe(200)
})

test('a center that does not listen is something that time can cure', async () => {
  await using clinic = await openClinic()
  await expect(askWith(clinic, { port: 1 })).rejects.toMatchObject({
    code: 'CENTER_UNREACHABLE',
    remedy: 'wait',
  })
})

test.each([
  [
    'plain HTTP',
    (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ],
  ['the banner of another protocol', (socket: Socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')],
  ['a DICOM node', (socket: Socket) => socket.write(Buffer.from('07000000000400000101', 'hex'))],
])('%s at the address of the center is told as an answer without TLS', async (_, answer) => {
  await using clinic = await openClinic()
  const server = createServer((socket) => void answer(socket.on('error', () => {}).resume())).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await expect(askWith(clinic, { port })).rejects.toMatchObject({ code: 'CENTER_NOT_TLS', remedy: 'wait' })
  } finally {
    server.close()
  }
})

test('a server that hangs up does not count as one without TLS', async () => {
  await using clinic = await openClinic()
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await expect(askWith(clinic, { port })).rejects.toMatchObject({ code: 'CENTER_UNREACHABLE' })
  } finally {
    server.close()
  }
})
