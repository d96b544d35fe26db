import { expect, test } from '@jest/globals'
import { type AgentAnswer, CENTER_PATHS, manifestAnswerSchema } from '../../src/protocol/center-api.ts'
import { receiptKeys, verifyKeyList } from '../../src/protocol/key-list.ts'
import { type Manifest, type ManifestInstance, signManifest } from '../../src/protocol/manifest.ts'
import { type Receipt, verifyReceipt } from '../../src/protocol/receipt.ts'
import { newSigningKey, type SigningKey } from '../../src/protocol/signing-key.ts'
import { SUITE } from '../../src/protocol/spool-file.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { type EnrolledAgent, RunningCenter } from '../support/running-center.ts'
import { listed, newUid, packOf, type SpoolFixture, spoolFile } from '../support/spool-file-fixture.ts'

const STUDY = '1.2.3.4'

test('a manifest of what is stored is receipted, with the digests that the center found', async () => {
  await using clinic = await delivered(3)
  const { manifest, jws, digest } = clinic.manifest()

  const receipt = await clinic.receipt(jws)

  expect(receipt).toMatchObject({
    format: 'ferry-receipt/1',
    center: clinic.center.made.center,
    agent: clinic.agent.key.kid,
    study: STUDY,
    version: 1,
    manifest: digest,
    counter: 1,
  })
  expect(receipt.instances).toEqual(manifest.instances.map((instance) => ({ ...instance, pacs: 'none' })))
})

test('the same manifest again gets the same receipt, also after a restart', async () => {
  await using clinic = await delivered(1)
  const { jws } = clinic.manifest()

  const first = await clinic.receipt(jws)
  await clinic.center.close()
  await clinic.center.open()

  expect(await clinic.receipt(jws)).toEqual(first)
})

test('receipts to an agent are counted', async () => {
  await using clinic = await delivered(1)
  const first = clinic.manifest()
  const second = clinic.manifest({ version: 2, previous: first.digest })

  expect((await clinic.receipt(first.jws)).counter).toBe(1)
  expect((await clinic.receipt(second.jws)).counter).toBe(2)
})

test.each<[string, (instance: ManifestInstance) => ManifestInstance]>([
  ['was never delivered', (it) => ({ ...it, dataSetSha256: 'a'.repeat(64) })],
  ['has another length', (it) => ({ ...it, dataSetBytes: it.dataSetBytes + 1 })],
  ['has another sealed digest', (it) => ({ ...it, sealedSha256: 'a'.repeat(64) })],
  ['has another sealed length', (it) => ({ ...it, sealedBytes: it.sealedBytes + 1 })],
  ['is another SOP instance', (it) => ({ ...it, sopInstanceUid: newUid() })],
])('an instance that %s is missing, and nothing is receipted', async (_, change) => {
  await using clinic = await delivered(2)
  const { manifest } = clinic.manifest()
  const [first, second] = manifest.instances
  const instances = [first, second].flatMap((one, index) =>
    one === undefined ? [] : [index === 1 ? change(one) : one],
  )

  const answer = await clinic.post(clinic.manifest({ instances }).jws)

  expect(answer).toMatchObject({ status: 200, json: { missing: [second?.ulid] } })
})

test('the same data set under a ULID that never came counts as held', async () => {
  await using clinic = await delivered(1)
  const { manifest } = clinic.manifest()
  const sealedAgain = { ulid: newUlid(1), sealedSha256: 'b'.repeat(64), sealedBytes: 99 }
  const instances = manifest.instances.map((instance) => ({ ...instance, ...sealedAgain }))

  const receipt = await clinic.receipt(clinic.manifest({ instances }).jws)

  expect(receipt.instances).toMatchObject([sealedAgain])
})

test('a manifest must be signed by the agent that sends it', async () => {
  await using clinic = await delivered(1)
  const other = await clinic.center.enrol('other')
  const { jws } = clinic.manifest()
  const forged = clinic.manifest({}, newSigningKey())
  const stolen = clinic.manifest({}, other.key)

  expect(await clinic.post(forged.jws)).toMatchObject({ status: 401, json: { code: 'SIGNATURE_INVALID' } })
  expect(await clinic.post(jws, other)).toMatchObject({ status: 401, json: { code: 'SIGNATURE_INVALID' } })
  expect(await clinic.post(stolen.jws, other)).toMatchObject({
    status: 422,
    json: { code: 'MANIFEST_INVALID' },
  })
})

test('a manifest that denies the one before it is refused; one whose predecessor the center lost is not', async () => {
  await using clinic = await delivered(1)
  const first = clinic.manifest()
  await clinic.receipt(first.jws)
  const denying = clinic.manifest({ version: 2, previous: 'c'.repeat(64) })
  const afterGap = clinic.manifest({ version: 7, previous: 'c'.repeat(64) })
  const nameless = clinic.manifest({ version: 2, previous: null })

  expect(await clinic.post(denying.jws)).toMatchObject({ status: 422, json: { code: 'MANIFEST_INVALID' } })
  expect(await clinic.post(nameless.jws)).toMatchObject({ status: 422, json: { code: 'MANIFEST_INVALID' } })
  expect((await clinic.receipt(afterGap.jws)).version).toBe(7)
})

test('an agent that lost its records may begin again at version 1', async () => {
  await using clinic = await delivered(1)
  await clinic.receipt(clinic.manifest().jws)

  const again = await clinic.receipt(clinic.manifest({ createdAt: '2027-01-01T00:00:00.000Z' }).jws)

  expect(again).toMatchObject({ version: 1, counter: 2 })
})

class Clinic implements AsyncDisposable {
  readonly center: RunningCenter
  readonly agent: EnrolledAgent
  readonly files: readonly SpoolFixture[]

  constructor(center: RunningCenter, agent: EnrolledAgent, files: readonly SpoolFixture[]) {
    this.center = center
    this.agent = agent
    this.files = files
  }

  manifest(special: Partial<Manifest> = {}, key: SigningKey = this.agent.key) {
    const manifest: Manifest = {
      format: 'ferry-manifest/1',
      suite: SUITE,
      agent: this.agent.key.kid,
      study: STUDY,
      version: 1,
      previous: null,
      createdAt: '2026-01-01T00:00:00.000Z',
      heldCount: 0,
      instances: this.files.map(listed),
      ...special,
    }
    return { manifest, ...signManifest(manifest, key) }
  }

  post(jws: string, agent = this.agent) {
    return agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
  }

  async receipt(jws: string): Promise<Receipt> {
    const answer = manifestAnswerSchema.parse((await this.post(jws)).json)
    const { keys } = (await this.agent.ask('GET', CENTER_PATHS.agent)).json as AgentAnswer
    const list = verifyKeyList(keys ?? { rootKey: '', jws: '' }, this.center.made.center)
    return verifyReceipt('receipt' in answer ? answer.receipt : '', receiptKeys(list))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
  }
}

async function delivered(count: number): Promise<Clinic> {
  const center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const envelope = { studyInstanceUid: STUDY }
  const files = Array.from({ length: count }, () => spoolFile({ recipients, envelope }))
  await agent.deliver(packOf(files))
  return new Clinic(center, agent, files)
}
