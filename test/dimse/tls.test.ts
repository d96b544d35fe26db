import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { CallerTrouble } from '../../src/dimse/association/caller-trouble.ts'
import { type OpenAssociationOptions, openAssociation } from '../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../src/dimse/scu/requested-association.ts'
import type { TlsCredentials } from '../../src/dimse/tls/tls-credentials.ts'
import type { TlsAcceptance } from '../../src/dimse/tls/tls-gate.ts'
import { DEFAULT_LIMITS } from '../../src/dimse/wire/dimse-limits.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { InventedAuthority } from '../support/instances/invented-certificates.ts'
import { ABORT, associateRequest, RawAssociation, standstill, UID } from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { RecordingLog } from '../support/recording-log.ts'

const DAY_MS = 24 * 3600 * 1000
let authority: InventedAuthority
let stranger: InventedAuthority
let ours: TlsCredentials
let device: TlsCredentials

beforeAll(async () => {
  authority = await InventedAuthority.create('Clinic')
  stranger = await InventedAuthority.create('Stranger')
  ours = await authority.credentials('ferry')
  device = await authority.credentials('ct1')
})

afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})

test('a device with a certificate is let in over TLS 1.3, known by it, and its instance arrives', async () => {
  await using listener = await startTls()
  await using association = await openAssociation(over(listener.port, device))
  expect(await association.echo()).toBe(0)
  const dataSet = Buffer.alloc(1_000_000, 7)
  expect(await association.store(instance(dataSet))).toEqual({ status: 0 })
  await association.release()
  expect(listener.handlers.sinks[0]?.byteLength).toBe(dataSet.length)
  expect(listener.handlers.ends).toEqual([{ how: 'released' }])
  expect(listener.handlers.requests[0]?.tls).toEqual({
    protocol: 'TLSv1.3',
    cipherSuite: expect.stringMatching(/^TLS_AES_/) as unknown,
    certificate: {
      subject: 'CN=ct1',
      sha256: device.certificate.fingerprint256,
      names: ['ct1', '127.0.0.1'],
    },
  })
  expect(listener.troubles).toEqual([])
})

test.each([
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
])('a device that knows no more than TLS 1.2 with %s is let in', async (ciphers, cipherSuite) => {
  await using listener = await startTls()
  const options = { ...device.options, maxVersion: 'TLSv1.2', ciphers } as const
  await using association = await openAssociation(over(listener.port, { ...device, options }))
  expect(await association.echo()).toBe(0)
  expect(listener.handlers.requests[0]?.tls).toMatchObject({ protocol: 'TLSv1.2', cipherSuite })
})

test('each of many devices at once is known by its own certificate, and each stranger is told apart', async () => {
  await using listener = await startTls()
  const names = Array.from({ length: 12 }, (_, i) => `ct${i}`)
  const known = await Promise.all(names.map((name) => authority.credentials(name)))
  const unknown = await Promise.all(names.map((name) => stranger.credentials(`not-${name}`)))
  await Promise.all([
    ...known.map(async (credentials, i) => {
      const options = { ...over(listener.port, credentials), callingAeTitle: names[i] ?? '' }
      await using association = await openAssociation(options)
      expect(await association.echo()).toBe(0)
    }),
    ...unknown.map((credentials) => expectRefused(listener.port, believing(authority, credentials))),
  ])
  const seen = listener.handlers.requests.map(
    ({ callingAeTitle, tls }) => `${callingAeTitle} ${tls?.certificate?.subject}`,
  )
  expect(seen.toSorted()).toEqual(names.map((name) => `${name} CN=${name}`).toSorted())
  await until(() => listener.troubles.length === names.length)
  const told = listener.troubles.map(({ words }) => /CN=not-(ct\d+),/.exec(words)?.[1] ?? words)
  expect(told.toSorted()).toEqual(names.toSorted())
})

test('a device without a certificate is let in if certificates are optional, and one with a bad one is not', async () => {
  await using listener = await startTls({ clientCertificates: 'optional' })
  await using association = await openAssociation(over(listener.port, withoutCertificate(device)))
  expect(await association.echo()).toBe(0)
  expect(listener.handlers.requests[0]?.tls).not.toHaveProperty('certificate')
  const unknown = await stranger.credentials('someone')
  await expectRefused(listener.port, believing(authority, unknown))
  expect(listener.troubles).toMatchObject([{ kind: 'handshake-failed' }])
})

test.each<[string, () => TlsCredentials | Promise<TlsCredentials>, string]>([
  ['no certificate', () => withoutCertificate(device), 'it shows no certificate, and one is required'],
  [
    'a certificate of another authority',
    async () => believing(authority, await stranger.credentials('ct9')),
    'its certificate (CN=ct9, issued by CN=Stranger) is vouched for by none',
  ],
  [
    'a certificate that has expired',
    () => authority.credentials('old', { notAfter: new Date(Date.now() - DAY_MS), notBefore: new Date(0) }),
    'its certificate (CN=old) expired on',
  ],
  [
    'a certificate of tomorrow',
    () => authority.credentials('new', { notBefore: new Date(Date.now() + DAY_MS) }),
    'is a clock wrong?',
  ],
  [
    'TLS 1.1 alone',
    () => ({
      ...device,
      options: {
        ...device.options,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT:@SECLEVEL=0',
      },
    }),
    'it knows no TLS newer than 1.1',
  ],
  [
    'a cipher suite without forward secrecy alone',
    () => ({
      ...device,
      options: { ...device.options, maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' },
    }),
    'it shares no cipher suite of the profile',
  ],
  [
    'no trust in us',
    async () => believing(stranger, await authority.credentials('shy')),
    'it broke off the handshake',
  ],
])('a device with %s is refused, in words, and gets no association', async (_, credentials, words) => {
  await using listener = await startTls()
  await expectRefused(listener.port, await credentials())
  await until(() => listener.troubles.length > 0)
  expect(listener.troubles).toEqual([
    {
      kind: 'handshake-failed',
      peerAddress: '127.0.0.1',
      words: expect.stringContaining(words) as unknown,
    },
  ])
  expect(listener.log.of('warn')).toMatchObject([
    { fields: { peerAddress: '127.0.0.1', reason: listener.troubles[0]?.words } },
  ])
  expect(listener.handlers.requests).toEqual([])
  await until(() => listener.server.connections === 0)
  await using honest = await openAssociation(over(listener.port, device))
  expect(await honest.echo()).toBe(0)
})

test('a TLS client on the plain port gets an alert, and is named', async () => {
  await using listener = await startPlain()
  await expect(openAssociation(over(listener.port, device))).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringContaining('it shares no cipher suite of the profile') as unknown,
  })
  expect(listener.troubles).toEqual([
    {
      kind: 'tls-on-plain',
      peerAddress: '127.0.0.1',
      words: `it speaks TLS on port ${listener.port}, which is without TLS`,
    },
  ])
  expect(listener.log.of('warn')).toHaveLength(1)
  await until(() => listener.server.connections === 0)
  expect(listener.handlers.requests).toEqual([])
})

test('a plain client on the TLS port is rejected in plain DICOM, and named', async () => {
  await using listener = await startTls()
  const raw = await RawAssociation.connect(listener.port)
  const answer = await raw.associate({ calling: 'CT1', called: 'FERRY' })
  expect(answer).toEqual({ type: 3, body: Buffer.of(0, 1, 2, 1) })
  expect(await raw.next()).toBe('closed')
  expect(listener.troubles).toEqual([
    {
      kind: 'plain-on-tls',
      peerAddress: '127.0.0.1',
      callingAeTitle: 'CT1',
      calledAeTitle: 'FERRY',
      words: `it speaks DICOM without TLS on port ${listener.port}, which is for TLS`,
    },
  ])
  await until(() => listener.server.connections === 0)
})

test.each([
  ['one byte of an association request', associateRequest().subarray(0, 1), 'plain-on-tls'],
  [
    'a request whose AE title is not text',
    Buffer.concat([associateRequest().subarray(0, 26), Buffer.alloc(48, 200)]),
    'plain-on-tls',
  ],
  ['an abort', ABORT, 'handshake-failed'],
  ['rubbish', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'handshake-failed'],
  ['a handshake of rubbish', Buffer.of(22, 3, 1, 0, 5, 1, 2, 3, 4, 5), 'handshake-failed'],
])('%s on the TLS port is let go, and an honest device still served', async (_, bytes, kind) => {
  await using listener = await startTls()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles).toMatchObject([{ kind, peerAddress: '127.0.0.1' }])
  expect(listener.troubles[0]).not.toHaveProperty('callingAeTitle')
  await using honest = await openAssociation(over(listener.port, device))
  expect(await honest.echo()).toBe(0)
})

test('a peer that says nothing on the TLS port, or stops in mid-handshake, is let go after its time', async () => {
  const clock = new ManualClock()
  await using listener = await startTls({}, clock)
  const silent = await RawAssociation.connect(listener.port)
  await clock.timerOf(DEFAULT_LIMITS.requestMs)
  clock.advance(DEFAULT_LIMITS.requestMs)
  expect(await silent.next()).toBe('closed')
  const stuck = await RawAssociation.connect(listener.port)
  await stuck.send(Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252))
  await until(() => listener.server.connections === 1)
  await standstill(() => listener.server.connections)
  clock.advance(DEFAULT_LIMITS.requestMs)
  expect(await stuck.next()).toBe('closed')
  expect(listener.troubles).toMatchObject([{ kind: 'silent' }, { words: 'it was too slow' }])
})

test('a listener that closes does not wait for peers that are still at its door', async () => {
  const listener = await startTls()
  const silent = await RawAssociation.connect(listener.port)
  await until(() => listener.server.connections === 1)
  const association = await openAssociation(over(listener.port, device))
  await listener.server.close()
  expect(await silent.next()).toBe('closed')
  await expect(association.echo()).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
})

test('sockets at the door count as connections of their address', async () => {
  await using listener = await startListener({
    tls: { credentials: ours, clientCertificates: 'required' },
    limits: { waitingPerPeer: 2, waitingGraceMs: 60_000 },
  })
  const silent = await Promise.all([1, 2].map(() => RawAssociation.connect(listener.port)))
  const surplus = await RawAssociation.connect(listener.port)
  expect(await surplus.next()).toBe('closed')
  for (const raw of silent) raw.reset()
  await until(() => listener.server.connections === 0)
  await using association = await openAssociation(over(listener.port, device))
  expect(await association.echo()).toBe(0)
})

test('we do not speak to a peer that we do not believe, or that is not the host that we called', async () => {
  await using listener = await startTls()
  const distrusting = believing(stranger, await authority.credentials('other'))
  await expect(openAssociation(over(listener.port, distrusting))).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringContaining('issued by CN=Clinic) is vouched for by none') as unknown,
  })
  const elsewhere = await authority.credentials('elsewhere', { host: 'pacs.example' })
  await using other = await startTls({ credentials: elsewhere })
  const checked = { ...over(other.port, device), tls: { credentials: device, checkHost: true } }
  await expect(openAssociation(checked)).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringContaining('its certificate (CN=elsewhere) is not for 127.0.0.1') as unknown,
  })
  await using unchecked = await openAssociation(over(other.port, device))
  expect(await unchecked.echo()).toBe(0)
  await using right = await openAssociation({ ...checked, port: listener.port })
  expect(await right.echo()).toBe(0)
})

test('a peer that answers TLS with DICOM is named as one without TLS', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(ABORT)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await expect(openAssociation(over(port, device))).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringContaining('it does not speak TLS here') as unknown,
  })
  server.close()
})

test('an aborted signal ends a handshake', async () => {
  await using listener = await startTls()
  const controller = new AbortController()
  const opening = openAssociation(over(listener.port, device), controller.signal)
  await until(() => listener.server.connections === 1)
  controller.abort()
  await expect(opening).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
})

test('RSA keys of 2048 bits fit the profile', async () => {
  const credentials = await authority.credentials('rsa', { rsaBits: 2048 })
  await using listener = await startTls({ credentials })
  await using association = await openAssociation(over(listener.port, device))
  expect(await association.echo()).toBe(0)
})

type TestListener = Awaited<ReturnType<typeof startListener>> & {
  troubles: CallerTrouble[]
  log: RecordingLog
}

function startTls(
  acceptance: Partial<TlsAcceptance> = {},
  clock: Clock = systemClock,
): Promise<TestListener> {
  return start({ credentials: ours, clientCertificates: 'required', ...acceptance }, clock)
}

function startPlain(): Promise<TestListener> {
  return start(undefined, systemClock)
}

async function start(tls: TlsAcceptance | undefined, clock: Clock): Promise<TestListener> {
  const troubles: CallerTrouble[] = []
  const log = new RecordingLog()
  const onTrouble = (trouble: CallerTrouble): void => void troubles.push(trouble)
  const listener = await startListener({ clock, log, onTrouble, ...(tls === undefined ? {} : { tls }) })
  return Object.assign(listener, { troubles, log })
}

function over(port: number, credentials: TlsCredentials): OpenAssociationOptions {
  const echo = { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }
  const ct = { abstractSyntaxUid: UID.ctImageStorage, transferSyntaxUids: [UID.explicitVrLittleEndian] }
  return {
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [echo, ct],
    clock: systemClock,
    tls: { credentials, checkHost: false },
  }
}

async function expectRefused(port: number, credentials: TlsCredentials): Promise<void> {
  let association: RequestedAssociation | undefined
  const opening = openAssociation(over(port, credentials)).then((one) => (association = one))
  await opening.catch(() => {})
  association?.abort()
  if (association !== undefined) throw new Error('an association that must not have come about')
}

function withoutCertificate(credentials: TlsCredentials): TlsCredentials {
  const { key: _key, cert: _cert, ...options } = credentials.options
  return { ...credentials, options }
}

/** The holder of a certificate believes another authority. */
function believing(other: InventedAuthority, credentials: TlsCredentials): TlsCredentials {
  return { ...credentials, options: { ...credentials.options, ca: other.pem } }
}

function instance(dataSet: Buffer): Parameters<RequestedAssociation['store']>[0] {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield dataSet
    await Promise.resolve()
  }
  return {
    sopClassUid: UID.ctImageStorage,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: UID.explicitVrLittleEndian,
    dataSet: chunks(),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
