import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { compactVerify, importJWK } from 'jose'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { manifestInstanceSchema } from '../../src/protocol/manifest.ts'
import { parseEnvelope, parseTrailer, TRAILER_BYTES } from '../../src/protocol/spool-file.ts'
import { sha256 } from '../support/centers/stored-at-center.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

const hasAge = spawnSync('age', ['--version']).status === 0

const ed25519Key = (bytes: string) => importJWK({ kty: 'OKP', crv: 'Ed25519', x: bytes }, 'EdDSA')

function spoolFiles(clinic: Clinic): Buffer[] {
  const folder = join(clinic.settings.dataFolder, 'spool')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ferry'),
  )
  return names.map((name) => readFileSync(join(folder, name)))
}

;(hasAge ? describe : describe.skip)(hasAge ? 'age' : 'age, which is not here', () => {
  test("a spool file opens with Debian's age and the recovery key, to the DICOM file that the device sent", async () => {
    await using clinic = await openClinic()
    const instance = inventedInstance(300_000)
    await sendInstances(clinic.agent.port, [instance])
    const [file = Buffer.alloc(0)] = spoolFiles(clinic)
    const { bytesRead = 0, envelope } = parseEnvelope(file) ?? {}
    const trailer = parseTrailer(file.subarray(-TRAILER_BYTES), file.length)
    writeFileSync(join(clinic.folder, 'key'), clinic.recoveryIdentity)
    const opened = spawnSync('age', ['-d', '-i', join(clinic.folder, 'key')], {
      input: file.subarray(bytesRead, trailer.sealedBytes),
      maxBuffer: 1e9,
    })
    expect(opened.stderr.toString()).toBe('')
    expect(sha256(opened.stdout.subarray(envelope?.part10HeaderBytes))).toBe(sha256(instance.dataSet))
    expect(trailer.dataSetSha256).toBe(sha256(instance.dataSet))
  })
})

test("the clinic's folder contains nothing of the patient in clear", async () => {
  await using clinic = await openClinic()
  const instance = inventedInstance(300_000)
  expect(instance.dataSet.includes('INVENTED^PATIENT')).toBe(true)
  await sendInstances(clinic.agent.port, [instance])
  await allSettled(clinic)
  const names = readdirSync(clinic.settings.dataFolder, {
    recursive: true,
    encoding: 'utf8',
    withFileTypes: true,
  })
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  expect(files.length).toBeGreaterThan(5)
  const pixels = instance.dataSet.subarray(-64)
  expect(files.filter((bytes) => bytes.includes('INVENTED') || bytes.includes(pixels))).toEqual([])
})

test('manifest and receipt verify with an independent JOSE library, and say the same of every instance', async () => {
  await using clinic = await openClinic()
  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [
    instance,
    inventedInstance(1000, { studyInstanceUid: instance.studyInstanceUid }),
  ])
  await allSettled(clinic)
  const { service } = clinic.agent
  const { version = 0 } = service.study(instance.studyInstanceUid)?.evidence ?? {}
  const evidence = service.evidence(instance.studyInstanceUid, version, 1)
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  const agentKey = await ed25519Key(account.signingKey.publicKey.toString('base64url'))
  const centerKey = await ed25519Key(account.keyList().sign[0] ?? '')
  const manifest = await compactVerify(evidence?.manifest ?? '', agentKey)
  const receipt = await compactVerify(evidence?.receipt ?? '', centerKey)
  const listed = JSON.parse(Buffer.from(manifest.payload).toString()) as { instances: object[] }
  const receipted = JSON.parse(Buffer.from(receipt.payload).toString()) as { instances: object[] }
  const same = manifestInstanceSchema.strip()
  expect(receipted.instances.map((it) => same.parse(it))).toEqual(
    listed.instances.map((it) => same.parse(it)),
  )
  expect(listed.instances).toHaveLength(2)
  await expect(compactVerify(evidence?.receipt ?? '', agentKey)).rejects.toThrow(
    'signature verification failed',
  )
})
