import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { CallerTrouble } from '../../src/dimse/association/caller-trouble.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { readTlsCredentials, type TlsCredentials } from '../../src/dimse/tls/tls-credentials.ts'
import { handshakeWords } from '../../src/dimse/wire/tls-words.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { until } from '../support/clocks/until.ts'
import {
  type CertificateOptions,
  InventedAuthority,
  uncheckedCredentials,
} from '../support/instances/invented-certificates.ts'
import { UID } from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DAY_MS = 24 * 3600 * 1000
const SERVERS = '1.3.6.1.5.5.7.3.1'
const CLIENTS = '1.3.6.1.5.5.7.3.2'
const MAIL = '1.3.6.1.5.5.7.3.4'

let clinic: InventedAuthority
let small: InventedAuthority
let stranger: InventedAuthority

beforeAll(async () => {
  clinic = await InventedAuthority.create('Clinic')
  small = await InventedAuthority.create('Small', 1024)
  stranger = await InventedAuthority.create('Stranger')
})

afterAll(() => {
  for (const authority of [clinic, small, stranger]) authority[Symbol.dispose]()
})

/** A listener that believes the clinic, the authority with the short key, and these certificates themselves. */
async function start(pinned: readonly string[] = []) {
  const folder = tempFolder()
  const ca = folder.join('ca.pem')
  writeFileSync(ca, [clinic.pem, small.pem, ...pinned].join('\n'))
  const credentials = readTlsCredentials({ ...(await clinic.issue('ferry')), ca })
  const troubles: CallerTrouble[] = []
  const listener = await startListener({
    tls: { credentials, clientCertificates: 'required' },
    onTrouble: (trouble) => void troubles.push(trouble),
  })
  folder[Symbol.dispose]()
  return { ...listener, troubles }
}

async function device(
  name: string,
  options: CertificateOptions = {},
  authority = clinic,
): Promise<TlsCredentials> {
  return uncheckedCredentials({ ...(await authority.issue(name, options)), ca: clinic.path })
}

async function echo(port: number, credentials: TlsCredentials): Promise<number> {
  await using association = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [{ abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }],
    clock: systemClock,
    tls: { credentials, checkHost: false },
  })
  return await association.echo()
}

test.each<[string, () => Promise<TlsCredentials>, RegExp]>([
  [
    'a short key',
    () => device('a', { rsaBits: 1024 }),
    /its certificate has a RSA key of 1024 bits, and 2048 or more are needed \(CN=a, issued by CN=Clinic\)/,
  ],
  [
    'a SHA-1 signature',
    () => device('b', { hash: 'SHA-1' }),
    /its certificate is signed with SHA-1, and SHA-256 or better is needed/,
  ],
  [
    'both',
    () => device('c', { rsaBits: 1024, hash: 'SHA-1' }),
    /RSA key of 1024 bits.*; its certificate is signed with SHA-1/,
  ],
  [
    'an authority with a short key',
    () => device('d', {}, small),
    /the certificate of its issuer CN=Small has a RSA key of 1024 bits/,
  ],
  [
    'the purpose of a server',
    () => device('e', { uses: [SERVERS] }),
    /is for servers only \(extended key usage\), and must be for clients too/,
  ],
  ['the purpose of mail', () => device('f', { uses: [MAIL] }), /is for mail only/],
  [
    'an unknown authority',
    () => device('g', {}, stranger),
    /\(CN=g, issued by CN=Stranger\) is vouched for by none/,
  ],
  [
    'a day that is past',
    () => device('h', { notBefore: new Date(0), notAfter: new Date(Date.now() - DAY_MS) }),
    /its certificate \(CN=h\) expired on/,
  ],
  [
    'a day to come',
    () => device('i', { notBefore: new Date(Date.now() + DAY_MS) }),
    /valid only from .* is a clock wrong/,
  ],
  [
    'a wrong purpose that has expired',
    () => device('j', { uses: [SERVERS], notBefore: new Date(0), notAfter: new Date(Date.now() - DAY_MS) }),
    /expired on/,
  ],
])('a device whose certificate has %s is told so in words, without codes', async (_, credentials, words) => {
  await using listener = await start()
  await echo(listener.port, await credentials()).catch(() => {})
  await until(
    () => listener.troubles.length,
    (count) => count > 0,
  )
  expect(listener.troubles).toMatchObject([
    { kind: 'handshake-failed', words: expect.stringMatching(words) as unknown },
  ])
  expect(listener.troubles[0]?.words).not.toMatch(/UNSPECIFIED|[A-Z]+_[A-Z]+/)
  expect(listener.handlers.requests).toEqual([])
})

test('a self-signed certificate that is not listed is called that', async () => {
  await using listener = await start()
  const own = uncheckedCredentials({ ...(await clinic.issue('x')), ca: clinic.path })
  const lone = await InventedAuthority.create('Lone')
  const credentials = { ...own, options: { ...own.options, cert: lone.pem, key: await lone.keyPem() } }
  await echo(listener.port, credentials).catch(() => {})
  await until(
    () => listener.troubles.length,
    (count) => count > 0,
  )
  expect(listener.troubles[0]?.words).toMatch(/\(CN=Lone\) is self-signed, is not in the list/)
  lone[Symbol.dispose]()
})

test('a certificate that is listed itself is believed whatever its purpose, and no other of this purpose', async () => {
  const files = await clinic.issue('pinned', { uses: [SERVERS] })
  await using listener = await start([readFileSync(files.certificate, 'utf8')])
  expect(await echo(listener.port, uncheckedCredentials(files))).toBe(0)
  expect(listener.handlers.requests[0]?.tls?.certificate).toMatchObject({ subject: 'CN=pinned' })
  const other = await device('other', { uses: [SERVERS] })
  await expect(echo(listener.port, other)).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
  const right = await device('right', { uses: [SERVERS, CLIENTS] })
  expect(await echo(listener.port, right)).toBe(0)
})

test.each<[string, CertificateOptions, RegExp]>([
  ['has a short key', { uses: [SERVERS], rsaBits: 1024 }, /RSA key of 1024 bits/],
  ['has expired', { uses: [SERVERS], notBefore: new Date(0), notAfter: new Date(1e12) }, /expired on/],
])('a certificate that is listed itself and %s is not believed', async (_, options, words) => {
  const files = await clinic.issue('pinned', options)
  await using listener = await start([readFileSync(files.certificate, 'utf8')])
  await echo(listener.port, uncheckedCredentials(files)).catch(() => {})
  await until(
    () => listener.troubles.length,
    (count) => count > 0,
  )
  expect(listener.troubles[0]?.words).toMatch(words)
})

test.each([
  ['ERR_SSL_WRONG_CURVE', /an elliptic curve that is not of the profile/],
  ['ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS', /signs with no digest of the profile/],
  ['ERR_SSL_CA_KEY_TOO_SMALL', /its key is too short/],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', /no TLS newer than 1\.1/],
  ['ERR_SSL_NO_SHARED_CIPHER', /no cipher suite of the profile/],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', /a certificate is required/],
])('the code %s is said in words', (code, words) => {
  expect(handshakeWords(Object.assign(new Error('40AD:error:0A:SSL routines:f:x:'), { code }))).toMatch(words)
})

test('an unknown error is shown by its sentence, and not by its numbers', () => {
  const error = new Error('40AD4268957F0000:error:0A00017A:SSL routines:tls_x:odd thing:../deps/ssl.c:1:')
  expect(handshakeWords(error)).toBe('its handshake failed: odd thing')
})
