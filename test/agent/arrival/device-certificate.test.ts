import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Device } from '../../../src/agent/arrival/device-list.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { readTlsCredentials, type TlsFiles } from '../../../src/dimse/tls/tls-credentials.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { UID } from '../../support/peers/raw-association.ts'
import { type Clinic, openClinic, testSettings } from '../../support/programs/clinic.ts'

const ECHO = { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }

async function clinicWith(
  authority: InventedAuthority,
  devices: readonly Device[],
  plain = true,
): Promise<Clinic> {
  const tls = { ...(await authority.issue('ferry')), port: 0, clientCertificates: 'required' as const }
  const listener = { ...testSettings('').listener, plain, tls }
  return openClinic({ settings: { listener, devices, unknownDevices: 'reject' } })
}

/** Returns the result of an echo by TLS with the certificate of `files`: 'in', or the words of the failure. */
async function call({ agent }: Clinic, callingAeTitle: string, files?: TlsFiles): Promise<string> {
  const options = {
    host: '127.0.0.1',
    callingAeTitle,
    calledAeTitle: 'FERRY',
    contexts: [ECHO],
    clock: systemClock,
  }
  const secured = files && {
    port: agent.tlsPort ?? 0,
    tls: { credentials: readTlsCredentials(files), checkHost: true },
  }
  try {
    await using association = await openAssociation({ ...options, port: agent.port, ...secured })
    return (await association.echo()) === 0 ? 'in' : 'no echo'
  } catch (error) {
    return (error as Error).message
  }
}

const REFUSED = /calling AE title not recognized/

function problemOf({ agent }: Clinic, aeTitle: string): object | null | undefined {
  return agent.service.devices().devices.find((device) => device.callingAeTitle === aeTitle)?.problem
}

function stateOf({ agent }: Clinic, aeTitle: string): string | undefined {
  return agent.service.devices().devices.find((device) => device.callingAeTitle === aeTitle)?.state
}

test('a device that must use TLS is turned away at the plain port, whoever speaks in its name, and ferry devices says why', async () => {
  using authority = await InventedAuthority.create()
  const [ct1, us1] = [
    { name: 'CT', aeTitle: 'CT1', addresses: [], tls: 'required' as const },
    { name: 'US', aeTitle: 'US1', addresses: [] },
  ]
  await using clinic = await clinicWith(authority, [ct1, us1])
  expect(await call(clinic, 'CT1')).toMatch(REFUSED)
  expect(problemOf(clinic, 'CT1')).toMatchObject({ kind: 'plain' })
  expect(stateOf(clinic, 'CT1')).toBe('refused')
  expect(await call(clinic, 'CT1', await authority.issue('anything'))).toBe('in')
  expect(stateOf(clinic, 'CT1')).toBe('known')
  // A device that need not use TLS is let in at both.
  expect([await call(clinic, 'US1'), await call(clinic, 'US1', await authority.issue('us1'))]).toEqual([
    'in',
    'in',
  ])
})

test('a device that is bound to a certificate is let in with that one alone, named by its name or its SHA-256', async () => {
  using authority = await InventedAuthority.create()
  const own = await authority.issue('ct1.clinic', { host: 'ct1.clinic.example' })
  const other = await authority.issue('us1.clinic', { host: 'us1.clinic.example' })
  const sha256 = new X509Certificate(readFileSync(own.certificate)).fingerprint256
  const forms = [
    'ct1.clinic',
    'CT1.Clinic',
    'ct1.clinic.example',
    sha256,
    sha256.replaceAll(':', '').toLowerCase(),
  ]
  for (const certificate of forms) {
    await using clinic = await clinicWith(authority, [
      { name: 'CT', aeTitle: 'CT1', addresses: [], certificate },
    ])
    expect(await call(clinic, 'CT1', own)).toBe('in')
    expect(await call(clinic, 'CT1', other)).toMatch(REFUSED)
    expect(problemOf(clinic, 'CT1')).toMatchObject({
      kind: 'certificate',
      detail: expect.stringContaining('CN=us1.clinic'),
    })
    // A certificate demands TLS by itself.
    expect(await call(clinic, 'CT1')).toMatch(REFUSED)
    expect(problemOf(clinic, 'CT1')).toMatchObject({ kind: 'plain' })
  }
})

test('a name that only contains the name that is wanted does not open the door', async () => {
  using authority = await InventedAuthority.create()
  const device = { name: 'CT', aeTitle: 'CT1', addresses: [], certificate: 'ct1' }
  await using clinic = await clinicWith(authority, [device])
  for (const name of ['ct10', 'xct1', 'CN=ct1', 'a, CN=ct1', 'a\nCN=ct1', 'a, DNS:ct1', 'ct1\u0000x']) {
    expect(await call(clinic, 'CT1', await authority.issue(name))).toMatch(REFUSED)
  }
  const inSan = await authority.issue('x', { host: 'a, DNS:ct1, DNS:b' })
  expect(await call(clinic, 'CT1', inSan)).toMatch(REFUSED)
  expect(await call(clinic, 'CT1', await authority.issue('ct1'))).toBe('in')
})

test('with the plain port closed, no device connects without TLS', async () => {
  using authority = await InventedAuthority.create()
  await using open = await clinicWith(authority, [{ name: 'CT', aeTitle: 'CT1', addresses: [] }])
  expect(open.agent.port).not.toBe(open.agent.tlsPort)
  await using closed = await clinicWith(authority, [{ name: 'CT', aeTitle: 'CT1', addresses: [] }], false)
  expect(closed.agent.port).toBe(closed.agent.tlsPort)
  expect(await call(closed, 'CT1', await authority.issue('ct1'))).toBe('in')
  expect(await call(closed, 'CT1')).toMatch(/rejects it/)
})
