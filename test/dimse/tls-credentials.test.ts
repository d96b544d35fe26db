import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { validityTrouble } from '../../src/dimse/tls/certificate-validity.ts'
import { readTlsCredentials } from '../../src/dimse/tls/tls-credentials.ts'
import { InventedAuthority } from '../support/instances/invented-certificates.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('a faulty file is reported with its name, the finding and the remedy', async () => {
  using authority = await InventedAuthority.create()
  using folder = tempFolder()
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(folder.join(name), content)
    return folder.join(name)
  }
  const good = await authority.issue('good')
  const weak = await authority.issue('weak', { rsaBits: 1024 })
  const problems: [Partial<typeof good>, string][] = [
    [{ certificate: folder.join('none.pem') }, `${folder.join('none.pem')} is not there`],
    [{ ca: folder.path }, 'cannot be read: EISDIR'],
    [{ certificate: good.key }, 'holds a private key; expected are lines after -----BEGIN CERTIFICATE-----'],
    [{ key: good.certificate }, 'holds a certificate; expected are lines after -----BEGIN PRIVATE KEY-----'],
    [{ key: weak.key }, 'does not belong to the certificate of CN=good'],
    [
      { certificate: write('der.cer', readTlsCredentials(good).certificate.raw) },
      'is binary; turn it into PEM with: openssl x509',
    ],
    [{ ca: write('empty.pem', '') }, 'holds no certificate'],
    [
      { key: write('e.pem', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n') },
      'needs a password; take it off with',
    ],
    [{ key: write('cut.pem', '-----BEGIN PRIVATE KEY-----\nMIGH\n') }, 'is damaged'],
    [
      { certificate: write('c.pem', '-----BEGIN CERTIFICATE-----\nMIGH\n-----END CERTIFICATE-----') },
      'is damaged',
    ],
    [{ certificate: weak.certificate, key: weak.key }, 'does not fit the TLS profile'],
  ]
  for (const [wrong, words] of problems) {
    const failure = { code: 'KEY_FILE_INVALID', message: expect.stringContaining(words) as unknown }
    expect(() => readTlsCredentials({ ...good, ...wrong })).toThrow(expect.objectContaining(failure))
  }
  expect(readTlsCredentials(good).certificate.subject).toBe('CN=good')
})

test('a certificate is warned of for a month before it expires, and from then on', async () => {
  using authority = await InventedAuthority.create()
  const { certificate } = await authority.credentials('short', { notAfter: new Date(Date.UTC(2030, 0, 31)) })
  expect(validityTrouble(certificate, Date.UTC(2029, 11, 1))).toBeUndefined()
  expect(validityTrouble(certificate, Date.UTC(2030, 0, 21))).toContain(
    'it expires on 2030-01-31, in 10 days',
  )
  expect(validityTrouble(certificate, Date.UTC(2030, 1, 1))).toContain('it expired on 2030-01-31')
  expect(validityTrouble(certificate, Date.UTC(2000, 0, 1))).toContain('it is valid only from')
})
