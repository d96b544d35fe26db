import { X509Certificate } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { DEFAULT_LIMITS, startCenter } from '../../src/center/center.ts'
import { initCenter, readCenterKeys } from '../../src/center/keys/center-keys.ts'
import { newTlsCertificate } from '../../src/center/keys/tls-certificate.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { agentAnswerSchema, CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { verifyKeyList } from '../../src/protocol/key-list.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { tempFolder } from '../support/temp-folder.ts'

const URL = 'https://center.example:8443'
const NOW = Date.UTC(2026, 0, 1)

test('the keys are readable by their owner alone, and made once', async () => {
  using folder = tempFolder()
  await initCenter(folder.path, URL, NOW)

  expect(statSync(folder.join('keys', '0001.json')).mode & 0o777).toBe(0o600)
  await expect(initCenter(folder.path, URL, NOW)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' })
})

test('the recovery identity is handed out and kept nowhere; its recipient stays', async () => {
  using folder = tempFolder()
  const { recoveryIdentity } = await initCenter(folder.path, URL, NOW)

  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  expect(texts.length).toBeGreaterThan(0)
  expect(texts.filter((text) => text.includes(recoveryIdentity))).toEqual([])
  const keys = await readCenterKeys(folder.path, NOW)
  expect(keys.recovery).toEqual([parseIdentity(recoveryIdentity).recipient.text])
})

test('the certificate is for the host of the public URL', async () => {
  using folder = tempFolder()
  await initCenter(folder.path, 'https://[::1]:8443', NOW)
  const keys = await readCenterKeys(folder.path, NOW)

  expect(new X509Certificate(keys.tls.certificate).checkIP('::1')).toBe('::1')
  const named = await newTlsCertificate('center.example', NOW)
  const certificate = new X509Certificate(named.certificate)
  expect(certificate.checkHost('center.example')).toBe('center.example')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
})

test('keys that others may read are refused', async () => {
  using folder = tempFolder()
  await initCenter(folder.path, URL, NOW)
  chmodSync(folder.join('keys', '0001.json'), 0o640)

  await expect(readCenterKeys(folder.path, NOW)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' })
})

test('a center without keys says how to make them', async () => {
  using folder = tempFolder()

  const starting = startCenter({
    folder: folder.path,
    listen: { host: '127.0.0.1', port: 0 },
    name: 'x',
    limits: DEFAULT_LIMITS,
    clock: systemClock,
    log: silentLog,
  })

  await expect(starting).rejects.toThrow(/ferry-center init/)
})

test('one center works in a folder at a time', async () => {
  await using center = await RunningCenter.start()

  await expect(center.open()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
})

test('the key list is issued again at each start, above the last one, and says the same while no key has changed', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const first = await listOf(center, agent)
  await reopen(center)
  const second = await listOf(center, agent)

  expect(second.version).toBeGreaterThan(first.version)
  expect(second).toEqual({ ...first, version: second.version, issuedAt: second.issuedAt })
  expect(first.version).toBeCloseTo(Date.now() / 1000, -2)
})

async function reopen(center: RunningCenter): Promise<void> {
  await center.close()
  await center.open()
}

async function listOf(center: RunningCenter, agent: EnrolledAgent) {
  const { keys } = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)
  return verifyKeyList(keys ?? { rootKey: '', jws: '' }, center.made.center)
}
