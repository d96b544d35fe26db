import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import type { CallerTrouble } from '../../../src/dimse/association/caller-trouble.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { readTlsCredentials, type TlsFiles } from '../../../src/dimse/tls/tls-credentials.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { UID } from '../../support/peers/raw-association.ts'
import { Storescp } from '../../support/peers/storescp.ts'
import { startListener } from '../../support/peers/test-listener.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const run = promisify(execFile)
let authority: InventedAuthority
let stranger: InventedAuthority
/** DCMTK's key is an RSA one, as most devices' are. */
let device: TlsFiles
let ours: TlsFiles

beforeAll(async () => {
  authority = await InventedAuthority.create('Clinic')
  stranger = await InventedAuthority.create('Stranger')
  device = await authority.issue('ct1', { rsaBits: 2048 })
  ours = await authority.issue('ferry')
})

afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})

/** Default, downgradable, and extended BCP 195 profile of PS3.15, as DCMTK 3.6.7 knows them. */
const PROFILES = ['--profile-bcp195-nd', '--profile-bcp195', '--profile-bcp195-ex']

test.each(PROFILES)(
  'echoscu and storescu with %s are let in, and the instance arrives byte for byte',
  async (profile) => {
    await using listener = await startTls()
    using folder = tempFolder()
    const instance = inventedInstance(300_000)
    writeFileSync(folder.join('ct.dcm'), Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    await run('echoscu', [...withTls(device), profile, '127.0.0.1', String(listener.port)])
    const args = [...withTls(device), profile, '127.0.0.1', String(listener.port), folder.join('ct.dcm')]
    await run('storescu', args)
    expect(listener.handlers.sinks.map((sink) => sink.sha256())).toEqual([sha256(instance.dataSet)])
    expect(listener.handlers.ends).toEqual([{ how: 'released' }, { how: 'released' }])
    expect(listener.handlers.requests[0]?.tls?.certificate?.subject).toBe('CN=ct1')
    expect(listener.troubles).toEqual([])
  },
)

test('storescp writes exactly the bytes that we send over TLS', async () => {
  await using peer = await Storescp.start([...withTls(device), '--require-peer-cert'])
  const instance = inventedInstance(300_000)
  const contexts = [
    { abstractSyntaxUid: UID.ctImageStorage, transferSyntaxUids: [UID.explicitVrLittleEndian] },
  ]
  const tls = { credentials: readTlsCredentials(ours), checkHost: true }
  const titles = { callingAeTitle: 'FERRY', calledAeTitle: 'STORESCP' }
  const options = { host: '127.0.0.1', port: peer.port, ...titles, contexts, clock: systemClock, tls }
  await using association = await openAssociation(options)
  const dataSet = Readable.from([instance.dataSet])
  expect(await association.store({ ...instance, dataSet })).toEqual({ status: 0 })
  await association.release()
  expect(peer.received()).toEqual([sha256(instance.dataSet)])

  const unknown = { credentials: readTlsCredentials(await stranger.issue('other')), checkHost: true }
  await expect(openAssociation({ ...options, tls: unknown })).rejects.toMatchObject({
    code: 'TLS_FAILED',
    message: expect.stringContaining('CN=ct1, issued by CN=Clinic) is vouched for by none') as unknown,
  })
})

test('storescp that does not know us says so, and we say it in words', async () => {
  const trusting = { ...(await stranger.issue('archive')), ca: stranger.path }
  await using peer = await Storescp.start([...withTls(trusting), '--require-peer-cert'])
  const contexts = [{ abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }]
  const tls = { credentials: readTlsCredentials({ ...ours, ca: stranger.path }), checkHost: false }
  const titles = { callingAeTitle: 'FERRY', calledAeTitle: 'STORESCP' }
  const opening = openAssociation({
    host: '127.0.0.1',
    port: peer.port,
    ...titles,
    contexts,
    clock: systemClock,
    tls,
  })
  await expect(opening).rejects.toThrow('it does not know the authority that issued our certificate')
})

test.each<[string, (files: TlsFiles) => string[] | Promise<string[]>, string]>([
  [
    'of another authority',
    async () => withTls({ ...(await stranger.issue('ct9')), ca: authority.path }),
    'CN=ct9',
  ],
  ['that is none', (files) => ['--anonymous-tls', '--add-cert-file', files.ca], 'it shows no certificate'],
  [
    'that is good, but does not know our authority',
    (files) => withTls({ ...files, ca: stranger.path }),
    'it does not know the authority that issued our certificate',
  ],
])('an echoscu with a certificate %s fails, and we say why', async (_, options, words) => {
  await using listener = await startTls()
  const args = [...(await options(device)), '127.0.0.1', String(listener.port)]
  await expect(run('echoscu', args)).rejects.toMatchObject({ code: 1 })
  expect(listener.troubles).toMatchObject([{ kind: 'handshake-failed', peerAddress: '127.0.0.1' }])
  expect(listener.troubles[0]?.words).toContain(words)
  expect(listener.handlers.requests).toEqual([])
})

test('echoscu on the wrong port, either way, fails at once, and each is named', async () => {
  await using secured = await startTls()
  const plain = run('echoscu', ['-v', '127.0.0.1', String(secured.port), '-aet', 'CT1'])
  await expect(plain).rejects.toMatchObject({
    stderr: expect.stringContaining('Rejected Permanent') as unknown,
  })
  expect(secured.troubles).toMatchObject([{ kind: 'plain-on-tls', callingAeTitle: 'CT1' }])

  const troubles: CallerTrouble[] = []
  await using listener = await startListener({ onTrouble: (trouble) => void troubles.push(trouble) })
  const securing = run('echoscu', [...withTls(device), '127.0.0.1', String(listener.port)])
  await expect(securing).rejects.toMatchObject({ stderr: expect.stringContaining('alert') as unknown })
  expect(troubles).toMatchObject([{ kind: 'tls-on-plain', peerAddress: '127.0.0.1' }])
})

function withTls({ key, certificate, ca }: TlsFiles): string[] {
  return ['--enable-tls', key, certificate, '--add-cert-file', ca]
}

async function startTls(): Promise<
  Awaited<ReturnType<typeof startListener>> & { troubles: CallerTrouble[] }
> {
  const troubles: CallerTrouble[] = []
  const listener = await startListener({
    tls: { credentials: readTlsCredentials(ours), clientCertificates: 'required' },
    onTrouble: (trouble) => void troubles.push(trouble),
  })
  return Object.assign(listener, { troubles })
}
