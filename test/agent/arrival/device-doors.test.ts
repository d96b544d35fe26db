import { expect, test } from '@jest/globals'
import { openDoors } from '../../../src/agent/arrival/device-doors.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { CENTER } from '../../../src/agent/send/destination.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { readTlsCredentials, type TlsFiles } from '../../../src/dimse/tls/tls-credentials.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { RawAssociation, UID } from '../../support/peers/raw-association.ts'
import { RecordingHandlers } from '../../support/peers/recording-handlers.ts'
import { openClinic, testSettings } from '../../support/programs/clinic.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DAY_MS = 24 * 3600 * 1000
const ECHO = { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }

test('a device with a certificate is let in at the TLS port of the agent, and one at the wrong door is shown', async () => {
  using authority = await InventedAuthority.create()
  const listener = { ...testSettings('').listener, tls: doorOf(await authority.issue('ferry')) }
  await using clinic = await openClinic({ settings: { listener } })
  const { port, tlsPort = 0, service } = clinic.agent
  expect(tlsPort).not.toBe(port)
  const credentials = readTlsCredentials(await authority.issue('ct1'))
  const options = { host: '127.0.0.1', callingAeTitle: 'CT1', calledAeTitle: 'FERRY', contexts: [ECHO] }
  const tls = { credentials, checkHost: true }
  {
    await using secured = await openAssociation({ ...options, port: tlsPort, tls, clock: systemClock })
    expect(await secured.echo()).toBe(0)
    await using plain = await openAssociation({ ...options, port, clock: systemClock })
    expect(await plain.echo()).toBe(0)
  }
  await expect(openAssociation({ ...options, port, tls, clock: systemClock })).rejects.toThrow('TLS')
  expect(JSON.stringify(service.devices())).toContain(`it speaks TLS on port ${port}, which is without TLS`)
  const wrong = openAssociation({ ...options, callingAeTitle: 'US7', port: tlsPort, clock: systemClock })
  await expect(wrong).rejects.toMatchObject({ code: 'ASSOCIATION_REJECTED' })
  expect(JSON.stringify(service.devices())).toContain('US7')
  expect(JSON.stringify(service.devices())).toContain(`it speaks DICOM without TLS on port ${tlsPort}`)
})

test('the limits are for both doors together', async () => {
  using authority = await InventedAuthority.create()
  const files = await authority.issue('ferry')
  await using opened = await open(doorOf(files), systemClock, { associations: 1 })
  const first = await RawAssociation.open(opened.port)
  const tls = { credentials: readTlsCredentials(files), checkHost: false }
  const options = { host: '127.0.0.1', port: opened.tlsPort ?? 0, callingAeTitle: 'A', calledAeTitle: 'B' }
  const second = openAssociation({ ...options, contexts: [ECHO], clock: systemClock, tls })
  await expect(second).rejects.toThrow('local limit exceeded')
  first.close()
})

test('a certificate that is about to expire is an alarm, from the day on, until there is another', async () => {
  using authority = await InventedAuthority.create()
  const clock = new ManualClock(Date.UTC(2030, 0, 1))
  const old = await authority.issue('old', { notAfter: new Date(Date.UTC(2030, 1, 1)) })
  await using opened = await open(doorOf(old), clock)
  expect(opened.queue.alarms.list()).toEqual([])
  clock.advance(DAY_MS)
  expect(opened.queue.alarms.list()).toMatchObject([
    {
      code: 'CERTIFICATE_EXPIRING',
      message: expect.stringContaining('it expires on 2030-02-01, in 30 days') as unknown,
    },
  ])
  clock.advance(40 * DAY_MS)
  expect(opened.queue.alarms.list()).toMatchObject([
    { message: expect.stringContaining('it expired on 2030-02-01') as unknown },
  ])
  expect(opened.log.of('error').length).toBeGreaterThan(30)
  const renewed = await authority.issue('new', { notAfter: new Date(Date.UTC(2040, 0, 1)) })
  await using _ = await reopen(opened.queue, doorOf(renewed), clock)
  expect(opened.queue.alarms.list()).toEqual([])
})

test('files that do not fit keep every door closed, and say why', async () => {
  using authority = await InventedAuthority.create()
  const files = await authority.issue('ferry')
  await expect(open(doorOf({ ...files, key: files.certificate }), systemClock)).rejects.toMatchObject({
    code: 'KEY_FILE_INVALID',
    message: expect.stringContaining('holds a certificate') as unknown,
  })
})

function doorOf(files: TlsFiles): TlsFiles & { port: number; clientCertificates: 'required' } {
  return { ...files, port: 0, clientCertificates: 'required' }
}

type Doors = Awaited<ReturnType<typeof openDoors>>

async function open(
  tls: ReturnType<typeof doorOf>,
  clock: Clock,
  limits: { associations?: number } = {},
): Promise<Doors & { queue: Queue; log: RecordingLog }> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const queue = stack.use(await openQueue(folder.path, clock, [CENTER]))
  const log = new RecordingLog()
  const doors = stack.use(await reopen(queue, tls, clock, limits, log))
  const opened = stack.move()
  return { ...doors, queue, log, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function reopen(
  { alarms }: Queue,
  tls: ReturnType<typeof doorOf>,
  clock: Clock,
  limits: { associations?: number } = {},
  log = new RecordingLog(),
): Promise<Doors> {
  const plain = { host: '127.0.0.1', port: 0, handlers: new RecordingHandlers(), clock, log, limits }
  return openDoors(plain, tls, alarms)
}
