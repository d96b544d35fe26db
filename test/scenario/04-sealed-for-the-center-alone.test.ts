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
import { bytesOf, spooledIn } from '../support/instances/spooled.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

const hasAge = spawnSync('age', ['--version']).status === 0

const ed25519Key = (bytes: string) => importJWK({ kty: 'OKP', crv: 'Ed25519', x: bytes }, 'EdDSA')

function spoolFiles(clinic: Clinic): Buffer[] {
  return spooledIn(join(clinic.settings.dataFolder, 'spool')).map(bytesOf)
}

/** The two scripts of docs/operations.md that decrypt a whole spool. */
function recoveryCommands(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const blocks = Array.from(page.matchAll(/```sh\n([^]*?)```/g), ([, commands = '']) => commands)
  const wanted = blocks.filter((commands) => /^(find spool|for s in spool)/.test(commands))
  if (wanted.length !== 2) throw new Error('docs/operations.md has two scripts for a whole spool')
  return wanted
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

  test('the commands of docs/operations.md open every instance of a spool, in segments and in files of their own', async () => {
    await using clinic = await openClinic()
    const sent = [inventedInstance(300_000), inventedInstance(5_000_000), inventedInstance(1000)]
    await sendInstances(clinic.agent.port, sent)
    await clinic.stopAgent()
    const { dataFolder } = clinic.settings
    writeFileSync(join(dataFolder, 'recovery-key.txt'), clinic.recoveryIdentity)
    for (const commands of recoveryCommands()) {
      const run = spawnSync('bash', ['-e', '-c', commands], { cwd: dataFolder })
      expect([run.status, run.stderr.toString()]).toEqual([0, ''])
    }
    const digests = spooledIn(join(dataFolder, 'spool')).map(({ envelope }) => {
      const opened = readFileSync(join(dataFolder, `${envelope.ulid}.dcm`))
      return sha256(opened.subarray(envelope.part10HeaderBytes))
    })
    expect(digests.toSorted()).toEqual(sent.map(({ dataSet }) => sha256(dataSet)).toSorted())
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
