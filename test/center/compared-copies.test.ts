import { expect, test } from '@jest/globals'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { signManifest } from '../../src/protocol/manifest.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { listed, type SpoolFixture } from '../support/instances/spool-file-fixture.ts'
import { AttackClient } from '../support/peers/attack-client.ts'
import { type Retrieve, type StowRequest, StowStub, stowModule } from '../support/peers/stow-stub.ts'

const ALREADY_THERE = 0x0111

test('an instance that the PACS says it has already is accepted if its copy has the same bytes', async () => {
  await using chain = await Chain.start((file) => ({ status: 200, ...multipart(file.part10) }))
  expect(await chain.settled()).toMatchObject({ pacsAccepted: 1, pacsReason: null })
  expect(await chain.pacsInReceipt()).toBe('accepted')
  expect(chain.asked).toEqual([
    expect.stringMatching(/\/studies\/2\.25\.\d+\/series\/2\.25\.\d+\/instances\/2\.25\.\d+$/),
  ])
})

test('it is refused, and a person must decide, if the copy of the PACS has other bytes', async () => {
  await using chain = await Chain.start(({ part10 }) => ({ status: 200, ...multipart(flipped(part10)) }))
  expect(await chain.settled()).toMatchObject({
    pacsRefused: 1,
    pacsReason: expect.stringContaining('with other content'),
  })
  expect(await chain.pacsInReceipt()).toBe('refused')
})

test.each<[string, (file: SpoolFixture) => ReturnType<Retrieve>, string]>([
  ['the PACS has no WADO-RS', () => ({ status: 404 }), 'answered 404'],
  ['the PACS does not give out original bytes', () => ({ status: 406 }), 'answered 406'],
  [
    'the PACS answers a page',
    () => ({ status: 200, contentType: 'text/html', body: Buffer.from('<html>') }),
    'something else than DICOM files',
  ],
  [
    'the copy is in another transfer syntax',
    ({ part10 }) => ({ status: 200, ...multipart(inOtherSyntax(part10)) }),
    'another transfer syntax',
  ],
])('a copy that cannot be compared is called unverified everywhere: %s', async (_, answer, reason) => {
  await using chain = await Chain.start(answer)
  expect(await chain.settled()).toMatchObject({
    pacsUnverified: 1,
    pacsAccepted: 0,
    pacsReason: expect.stringContaining(reason),
  })
  expect(await chain.pacsInReceipt()).toBe('unverified')
  expect((await chain.center.desk.status()).pacs).toMatchObject({ unverified: 1, refused: 0 })
})

test('a copy that the PACS does not give out yet is compared later, and accepted once the PACS gives it out', async () => {
  let isBusy = true
  const clock = new ManualClock()
  await using chain = await Chain.start(
    ({ part10 }) => (isBusy ? { status: 503 } : { status: 200, ...multipart(part10) }),
    clock,
  )
  await chain.until((study) => study.pacsReason !== null)
  expect(await chain.study()).toMatchObject({ pacsWaiting: 1, pacsReason: expect.stringContaining('later') })
  isBusy = false
  clock.advance(3_600_000)
  expect(await chain.settled()).toMatchObject({ pacsAccepted: 1 })
})

test('an unverified copy is compared again when the operator says so', async () => {
  let isConfigured = false
  const clock = new ManualClock()
  await using chain = await Chain.start(
    ({ part10 }) => (isConfigured ? { status: 200, ...multipart(part10) } : { status: 404 }),
    clock,
  )
  expect(await chain.settled()).toMatchObject({ pacsUnverified: 1 })
  isConfigured = true
  expect(await chain.center.desk.retryPacs()).toBe(1)
  clock.advance(15_000)
  await chain.until((study) => study.pacsAccepted === 1)
  expect(await chain.study()).toMatchObject({ pacsAccepted: 1, pacsUnverified: 0 })
})

/** A center that hands one instance on to a PACS which says that it has it already. */
class Chain implements AsyncDisposable {
  readonly center: RunningCenter
  /** Addresses from which copies were retrieved. */
  readonly asked: string[]
  readonly #pacs: StowStub
  readonly #client: AttackClient
  readonly #file: SpoolFixture

  private constructor(
    center: RunningCenter,
    pacs: StowStub,
    asked: string[],
    client: AttackClient,
    file: SpoolFixture,
  ) {
    this.center = center
    this.asked = asked
    this.#pacs = pacs
    this.#client = client
    this.#file = file
  }

  static async start(
    answer: (file: SpoolFixture) => ReturnType<Retrieve>,
    clock?: ManualClock,
  ): Promise<Chain> {
    const [asked, files]: [string[], SpoolFixture[]] = [[], []]
    const pacs = await StowStub.start(alreadyThere, ({ url = '' }) => {
      asked.push(url)
      const [file] = files
      return file === undefined ? { status: 500 } : answer(file)
    })
    const options = { pacs: { url: pacs.url, timeoutMs: 3_600_000 }, ...(clock && { clock }) }
    const center = await RunningCenter.start(options)
    const client = await AttackClient.enrol(center, 'Clinic')
    const file = client.forge({})
    files.push(file)
    await client.send(file)
    return new Chain(center, pacs, asked, client, file)
  }

  async study() {
    const [study] = await this.center.desk.studies(3650, 1)
    if (study === undefined) throw new Error('no study')
    return study
  }

  async until(isSo: (study: Awaited<ReturnType<Chain['study']>>) => boolean): Promise<void> {
    while (!isSo(await this.study())) await new Promise((resolve) => setImmediate(resolve))
  }

  async settled() {
    await this.until((study) => study.pacsWaiting === 0)
    return this.study()
  }

  async pacsInReceipt(): Promise<string | undefined> {
    const { agent } = this.#client
    const { jws } = signManifest(
      {
        format: 'ferry-manifest/3',
        suite: 1,
        agent: agent.key.kid,
        study: this.#file.envelope.studyInstanceUid,
        version: 1,
        part: 1,
        parts: 1,
        previous: null,
        createdAt: '2026-01-02T03:04:05.000Z',
        heldCount: 0,
        instances: [listed(this.#file)],
      },
      agent.key,
    )
    const answer = await agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
    const { receipt } = answer.json as { receipt: string }
    return payloadOf(receipt).instances[0]?.pacs
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
    await this.#pacs[Symbol.asyncDispose]()
  }
}

const payloadOf = (jws: string): { instances: { pacs: string }[] } =>
  JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'))

const alreadyThere = ({ files }: StowRequest) => ({
  status: 409,
  body: stowModule(
    [],
    new Map(files.map((file) => [parsePart10Header(file)?.sopInstanceUid ?? '', ALREADY_THERE])),
  ),
})

function multipart(part10: Buffer): { contentType: string; body: Buffer } {
  const head = Buffer.from('--b0undary\r\nContent-Type: application/dicom\r\n\r\n', 'latin1')
  const body = Buffer.concat([head, part10, Buffer.from('\r\n--b0undary--\r\n', 'latin1')])
  return { contentType: 'multipart/related; type="application/dicom"; boundary="b0undary"', body }
}

function flipped(part10: Buffer): Buffer {
  const bytes = Buffer.from(part10)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  return bytes
}

/** The header says another transfer syntax of the same length. */
function inOtherSyntax(part10: Buffer): Buffer {
  const bytes = Buffer.from(part10)
  const at = bytes.indexOf('1.2.840.10008.1.2.1\0', 'latin1')
  bytes.write('1.2.840.10008.1.2.5\0', at, 'latin1')
  return bytes
}
