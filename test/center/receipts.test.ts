import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Database } from '../../src/platform/sqlite.ts'
import {
  type AgentAnswer,
  agentAnswerSchema,
  CENTER_PATHS,
  manifestAnswerSchema,
} from '../../src/protocol/center-api.ts'
import { jwsDigest } from '../../src/protocol/jws.ts'
import { receiptKeys, verifyKeyList } from '../../src/protocol/key-list.ts'
import { type Manifest, type ManifestInstance, signManifest } from '../../src/protocol/manifest.ts'
import { type Receipt, verifyReceipt } from '../../src/protocol/receipt.ts'
import { newSigningKey, type SigningKey } from '../../src/protocol/signing-key.ts'
import { SUITE } from '../../src/protocol/spool-file.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { backUp, restoreUnder } from '../support/centers/put-register-back.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import {
  listed,
  newUid,
  packOf,
  type SpoolFixture,
  spoolFile,
} from '../support/instances/spool-file-fixture.ts'

const STUDY = '1.2.3.4'
const payloadOf = (jws: string): string => Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()
const REGISTER_SCHEMA = join(import.meta.dirname, '../../src/center/register/sqlite/schema')

test('a manifest of what is stored is receipted, with the digests that the center found', async () => {
  await using clinic = await delivered(3)
  const { manifest, jws, digest } = clinic.manifest()

  const receipt = await clinic.receipt(jws)

  expect(receipt).toMatchObject({
    format: 'ferry-receipt/3',
    center: clinic.center.made.center,
    agent: clinic.agent.key.kid,
    study: STUDY,
    version: 1,
    part: 1,
    parts: 1,
    manifest: digest,
    counter: 1,
    previous: null,
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

test('a chain that either side has lost the beginning of goes on, and the register shows where it was broken', async () => {
  await using clinic = await delivered(1)
  const first = clinic.manifest()
  const neverReceipted = clinic.manifest({ createdAt: '2027-01-01T00:00:00.000Z' })
  const second = clinic.manifest({ version: 2, previous: first.digest })
  const denying = clinic.manifest({ version: 2, previous: neverReceipted.digest })
  const afterGap = clinic.manifest({ version: 7, previous: 'c'.repeat(64) })
  const denyingSecond = clinic.manifest({ version: 3, previous: 'c'.repeat(64) })

  for (const { jws } of [first, second, denying, afterGap, denyingSecond]) {
    expect((await clinic.receipt(jws)).manifest).toBe(jwsDigest(jws))
  }
  expect(clinic.chains()).toEqual(['whole', 'whole', 'fork', 'gap', 'fork'])
})

test('the parts of a study form one chain, from version to version, and the register shows where it was broken', async () => {
  await using clinic = await delivered(1)
  const parts = 2
  const first = clinic.manifest({ part: 1, parts })
  const second = clinic.manifest({ part: 2, parts, previous: first.digest })
  const next = clinic.manifest({ version: 2, previous: second.digest })
  const skipping = clinic.manifest({ version: 3, part: 2, parts, previous: 'c'.repeat(64) })
  const denying = clinic.manifest({ version: 4, previous: first.digest })
  for (const [{ jws }, part] of [
    [first, 1],
    [second, 2],
    [next, 1],
    [skipping, 2],
    [denying, 1],
  ] as const) {
    expect(await clinic.receipt(jws)).toMatchObject({ part, manifest: jwsDigest(jws) })
  }
  expect(clinic.chains()).toEqual(['whole', 'whole', 'whole', 'gap', 'fork'])
  for (const odd of [
    { part: 2, parts },
    { part: 1, parts, previous: first.digest },
  ]) {
    const { jws } = clinic.manifest(odd)
    expect(await clinic.post(jws)).toMatchObject({ status: 422, json: { code: 'MANIFEST_INVALID' } })
  }
})

test('a version that is not the first names the one before it, and the first names none', async () => {
  await using clinic = await delivered(1)
  for (const odd of [{ version: 2 }, { version: 1, previous: 'c'.repeat(64) }]) {
    const { jws } = clinic.manifest(odd)
    expect(await clinic.post(jws)).toMatchObject({ status: 422, json: { code: 'MANIFEST_INVALID' } })
  }
})

test('an agent that lost its records begins again at version 1, whatever version the center knows', async () => {
  await using clinic = await delivered(1)
  const first = clinic.manifest()
  const second = clinic.manifest({ version: 2, previous: first.digest })
  await clinic.receipt(first.jws)
  await clinic.receipt(second.jws)

  const anew = clinic.manifest({ createdAt: '2027-01-01T00:00:00.000Z' })
  expect(await clinic.receipt(anew.jws)).toMatchObject({ version: 1, counter: 3 })
  const next = clinic.manifest({ version: 2, previous: anew.digest })
  expect(await clinic.receipt(next.jws)).toMatchObject({ version: 2, counter: 4 })
  expect(clinic.chains()).toEqual(['whole', 'whole', 'fork', 'fork'])
})

test('an agent is told which of its receipts the center knows, and nothing of those of others', async () => {
  await using clinic = await delivered(1)
  const { jws, digest } = clinic.manifest()
  const other = await clinic.center.enrol('other')
  const ask = (manifests: string[], agent = clinic.agent, receipts: string[] = []) =>
    agent.ask('POST', CENTER_PATHS.receipts, { body: JSON.stringify({ manifests, receipts }) })

  expect((await ask([digest])).json).toEqual({ unknown: [digest] })
  await clinic.receipt(jws)
  const newest = (await clinic.newest())?.digest ?? ''
  expect((await ask([], clinic.agent, [newest, digest])).json).toEqual({ unknown: [digest] })
  expect((await ask([], other, [newest])).json).toEqual({ unknown: [newest] })
  expect((await ask([digest, 'c'.repeat(64)])).json).toEqual({ unknown: ['c'.repeat(64)] })
  expect((await ask([digest], other)).json).toEqual({ unknown: [digest] })
  expect(await ask(['no digest'])).toMatchObject({ status: 400, json: { code: 'PROTOCOL_VIOLATION' } })
})

test('the receipts to an agent form one chain, whose end the center names, also after a restart', async () => {
  await using clinic = await delivered(1)
  const stranger = await clinic.center.enrol('other')
  expect(await clinic.newest()).toBeNull()
  const manifests = [clinic.manifest()]
  const receipts: string[] = []
  for (const version of [1, 2, 3]) {
    receipts.push(await clinic.receiptJws(manifests.at(-1)?.jws ?? ''))
    const digest = jwsDigest(receipts.at(-1) ?? '')
    expect(await clinic.newest()).toEqual({ counter: version, digest })
    manifests.push(clinic.manifest({ version: version + 1, previous: manifests.at(-1)?.digest ?? null }))
    if (version !== 2) continue
    await clinic.center.close()
    await clinic.center.open()
    expect(await clinic.newest()).toEqual({ counter: version, digest })
  }
  const previous = receipts.map((jws) => JSON.parse(payloadOf(jws)).previous)
  expect(previous).toEqual([null, ...receipts.slice(0, 2).map(jwsDigest)])
  // A receipt that is asked for again does not become a new link; and each agent has a chain of its own.
  expect(await clinic.receiptJws(manifests[0]?.jws ?? '')).toBe(receipts[0])
  expect((await clinic.newest())?.counter).toBe(3)
  expect(await clinic.newest(stranger)).toBeNull()
})

test('a register that was put back under the running center answers with the older end of the chain', async () => {
  await using clinic = await delivered(1)
  const first = clinic.manifest()
  await clinic.receipt(first.jws)
  const before = await clinic.newest()
  const register = join(clinic.center.folder, 'register.sqlite')
  await backUp(register, `${register}.backup`)
  await clinic.receipt(clinic.manifest({ version: 2, previous: first.digest }).jws)
  expect((await clinic.newest())?.counter).toBe(2)

  await restoreUnder(register, `${register}.backup`)

  expect(await clinic.newest()).toEqual(before)
  const other = clinic.manifest({ version: 2, previous: first.digest, heldCount: 7 })
  expect(await clinic.receipt(other.jws)).toMatchObject({ counter: 2, previous: before?.digest })
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
      format: 'ferry-manifest/3',
      suite: SUITE,
      agent: this.agent.key.kid,
      study: STUDY,
      version: 1,
      part: 1,
      parts: 1,
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

  /** How each manifest was noted, in the order of the receipts. */
  chains(): unknown[] {
    const register = Database.open(join(this.center.folder, 'register.sqlite'), REGISTER_SCHEMA)
    const rows = register.all(
      'SELECT chain FROM manifests m JOIN receipts r ON r.manifest = m.digest ORDER BY counter',
    )
    register.close()
    return rows.map(({ chain }) => chain)
  }

  async newest(agent = this.agent): Promise<AgentAnswer['chain']> {
    return agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json).chain
  }

  async receiptJws(jws: string): Promise<string> {
    const answer = manifestAnswerSchema.parse((await this.post(jws)).json)
    return 'receipt' in answer ? answer.receipt : ''
  }

  async receipt(jws: string): Promise<Receipt> {
    const receipt = await this.receiptJws(jws)
    const { keys } = (await this.agent.ask('GET', CENTER_PATHS.agent)).json as AgentAnswer
    const list = verifyKeyList(keys ?? { rootKey: '', jws: '' }, this.center.made.center)
    return verifyReceipt(receipt, receiptKeys(list))
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
