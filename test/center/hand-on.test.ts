import { expect, test } from '@jest/globals'
import type { CenterOptions } from '../../src/center/center.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { newUid, packOf, type SpoolFixture, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { type StowRequest, type StowResponse, StowStub, stowModule } from '../support/peers/stow-stub.ts'

const HOUR_MS = 3600 * 1000

test('stored instances reach the PACS byte for byte, a study in one request', async () => {
  await using pacs = await StowStub.start(acceptAll)
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: 10_000 })
  const files = await chain.deliver(3)

  await pacs.received(1)
  await chain.until((study) => study.pacsAccepted === 3)

  expect(pacs.requests[0]?.files.map(hex).toSorted()).toEqual(
    files.map((file) => hex(file.part10)).toSorted(),
  )
  expect(pacs.requests[0]?.headers['content-length']).toBeDefined()
})

test('one instance that the PACS refuses is marked with the reason, the others are not held up', async () => {
  let bad = ''
  await using pacs = await StowStub.start((request) => {
    const uids = uidsOf(request)
    bad ||= uids[1] ?? ''
    const good = uids.filter((uid) => uid !== bad)
    return { status: 202, body: stowModule(good, new Map(uids.includes(bad) ? [[bad, 0xc122]] : [])) }
  })
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: 10_000 })
  await chain.deliver(3)

  const study = await chain.until((one) => one.pacsAccepted === 2)

  expect(study).toMatchObject({
    pacsRefused: 1,
    pacsReason: 'the PACS refused it: transfer syntax not supported (C122)',
  })
})

test('a request that the PACS refuses as a whole is sent again one by one, so that the bad one is found', async () => {
  let bad = ''
  await using pacs = await StowStub.start((request) => {
    const uids = uidsOf(request)
    bad ||= uids[1] ?? ''
    return uids.includes(bad) ? { status: 400 } : acceptAll(request)
  })
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: 10_000 })
  await chain.deliver(3)

  const study = await chain.until((one) => one.pacsAccepted === 2 && one.pacsRefused === 1)

  expect(study.pacsReason).toMatch(/^storing by STOW-RS: the PACS answered 400, again and again/)
  expect(pacs.requests.map((request) => request.files.length)).toEqual([3, 1, 1, 1])
})

test('a PACS that is away delays no agent; the reason shows, and all goes through when it is back', async () => {
  let isAway = true
  await using pacs = await StowStub.start((request) => (isAway ? { status: 503 } : acceptAll(request)))
  const clock = new ManualClock()
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: HOUR_MS }, clock)
  await chain.deliver(2)
  await pacs.received(1)
  const waiting = await chain.until((study) => study.pacsReason !== null)
  expect(waiting).toMatchObject({ pacsWaiting: 2, pacsReason: 'storing by STOW-RS: the PACS answered 503' })

  isAway = false
  clock.advance(HOUR_MS / 2)

  await chain.until((study) => study.pacsAccepted === 2)
})

test('an instance without resources at the PACS waits and is tried again', async () => {
  await using pacs = await StowStub.start((request) =>
    pacs.requests.length > 1
      ? acceptAll(request)
      : { status: 409, body: stowModule([], new Map([[uidsOf(request)[0] ?? '', 0xa700]])) },
  )
  const clock = new ManualClock()
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: HOUR_MS }, clock)
  await chain.deliver(1)
  const waiting = await chain.until((study) => study.pacsReason !== null)
  expect(waiting.pacsReason).toContain('out of resources')

  clock.advance(HOUR_MS / 2)

  await chain.until((study) => study.pacsAccepted === 1)
})

test('a refused instance is sent again when the operator says so', async () => {
  let isStrict = true
  await using pacs = await StowStub.start((request) =>
    isStrict
      ? { status: 409, body: stowModule([], new Map(uidsOf(request).map((uid) => [uid, 0xc122]))) }
      : acceptAll(request),
  )
  const clock = new ManualClock()
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: HOUR_MS }, clock)
  const [file] = await chain.deliver(1)
  await chain.until((study) => study.pacsRefused === 1)

  isStrict = false
  expect(await chain.center.desk.retryPacs('1.2.3')).toBe(0)
  expect(await chain.center.desk.retryPacs(file?.envelope.studyInstanceUid)).toBe(1)
  clock.advance(15_000)

  await chain.until((study) => study.pacsAccepted === 1)
})

test('a second version of an instance is held until the operator releases it, which is written down', async () => {
  await using pacs = await StowStub.start(acceptAll)
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: 10_000 })
  const [first] = await chain.deliver(1)
  await chain.until((study) => study.pacsAccepted === 1)

  const study = await chain.deliverVersionOf(first)

  expect(study).toMatchObject({ instances: 2, held: 1, pacsAccepted: 1, pacsHeld: 1, pacsRefused: 0 })
  expect(study.pacsReason).toContain('another version')
  const { desk } = chain.center
  expect(await desk.retryPacs()).toBe(0)
  expect(await desk.retryPacs(study.studyInstanceUid)).toBe(0)
  expect(await desk.held('waiting', 10)).toMatchObject([
    {
      studyInstanceUid: study.studyInstanceUid,
      hold: 'conflict',
      agent: 'North Street CHC',
      releasedAt: null,
    },
  ])
  expect(await desk.release({ studyInstanceUid: '1.2.3' }, 'somebody')).toBe(0)
  expect(await desk.release({ studyInstanceUid: study.studyInstanceUid }, 'somebody')).toBe(1)
  await chain.until((one) => one.held === 0 && one.pacsHeld === 0)
  expect(await desk.held('waiting', 10)).toEqual([])
  expect(await desk.held('released', 10)).toMatchObject([{ hold: 'conflict', releasedBy: 'somebody' }])
})

test('instances that waited when the center stopped are handed on when it runs again', async () => {
  await using pacs = await StowStub.start((request) =>
    pacs.requests.length > 1 ? acceptAll(request) : { status: 503 },
  )
  const clock = new ManualClock()
  await using chain = await Chain.start({ url: pacs.url, timeoutMs: HOUR_MS }, clock)
  await chain.deliver(1)
  await pacs.received(1)
  await chain.center.close()

  clock.advance(HOUR_MS)
  await chain.center.open()

  await chain.until((study) => study.pacsAccepted === 1)
  expect(pacs.requests).toHaveLength(2)
})

class Chain implements AsyncDisposable {
  readonly center: RunningCenter
  readonly #agent: EnrolledAgent
  readonly #recipients: string[]

  private constructor(center: RunningCenter, agent: EnrolledAgent, recipients: string[]) {
    this.center = center
    this.#agent = agent
    this.#recipients = recipients
  }

  static async start(pacs: NonNullable<CenterOptions['pacs']>, clock?: ManualClock): Promise<Chain> {
    const center = await RunningCenter.start({ pacs, ...(clock === undefined ? {} : { clock }) })
    const agent = await center.enrol()
    return new Chain(center, agent, await center.recipients(agent))
  }

  async deliver(count: number): Promise<SpoolFixture[]> {
    const envelope = { studyInstanceUid: newUid() }
    const files = Array.from({ length: count }, () => spoolFile({ recipients: this.#recipients, envelope }))
    await this.#agent.deliver(packOf(files))
    return files
  }

  async deliverVersionOf(first: SpoolFixture | undefined) {
    const { studyInstanceUid = '', sopInstanceUid = '' } = first?.envelope ?? {}
    const envelope = { studyInstanceUid, sopInstanceUid }
    await this.#agent.deliver(packOf([spoolFile({ recipients: this.#recipients, envelope })]))
    return this.until((study) => study.instances === 2)
  }

  /** The newest study, once it is so; looks whenever the event loop comes round. */
  async until(isSo: (study: Awaited<ReturnType<Chain['newest']>>) => boolean) {
    for (;;) {
      const study = await this.newest()
      if (isSo(study)) return study
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async newest() {
    const [study] = await this.center.desk.studies(3650, 1)
    if (study === undefined) throw new Error('no study')
    return study
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
  }
}

const uidsOf = (request: StowRequest): string[] =>
  request.files.map((file) => parsePart10Header(file)?.sopInstanceUid ?? '')

const acceptAll = (request: StowRequest): StowResponse => ({ status: 200, body: stowModule(uidsOf(request)) })

const hex = (bytes: Buffer): string => bytes.toString('hex')
