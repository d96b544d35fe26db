import { setTimeout as sleep } from 'node:timers/promises'
import type { CenterOptions } from '../../../src/center/center.ts'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { ManualClock } from '../clocks/manual-clock.ts'
import { newUid, packOf, type SpoolFixture, spoolFile } from '../instances/spool-file-fixture.ts'
import {
  type Retrieve,
  type StowRequest,
  type StowResponse,
  StowStub,
  stowModule,
} from '../peers/stow-stub.ts'
import { RunningCenter } from './running-center.ts'

const HOUR_MS = 3600 * 1000
/** Leaves the processor to the center and to the PACS: each time that passes also runs what the center does every minute. */
const PAUSE_MS = 4
/** Less than the longest pause of the hand-on. */
const STEP_MS = 5 * 60_000

/** A center that hands one study on to a PACS which answers as a test wants it to. Time stops between its requests. */
export class HandedOn implements AsyncDisposable {
  readonly center: RunningCenter
  readonly pacs: StowStub
  readonly clock: ManualClock
  readonly #deliver: (count: number, studyInstanceUid: string) => Promise<SpoolFixture[]>
  readonly #studyInstanceUid = newUid()

  private constructor(
    center: RunningCenter,
    pacs: StowStub,
    clock: ManualClock,
    deliver: (count: number, studyInstanceUid: string) => Promise<SpoolFixture[]>,
  ) {
    this.center = center
    this.pacs = pacs
    this.clock = clock
    this.#deliver = deliver
  }

  static async start(
    answer: (request: StowRequest) => StowResponse | 'break',
    { retrieve, special }: { retrieve?: Retrieve; special?: Partial<CenterOptions> } = {},
  ): Promise<HandedOn> {
    const pacs = await StowStub.start(answer, retrieve)
    const clock = new ManualClock()
    const options = { pacs: { url: pacs.url, timeoutMs: 1000 * HOUR_MS }, clock, ...special }
    const center = await RunningCenter.start(options)
    const agent = await center.enrol()
    const recipients = await center.recipients(agent)
    return new HandedOn(center, pacs, clock, async (count, studyInstanceUid) => {
      const envelope = { studyInstanceUid }
      const files = Array.from({ length: count }, () => spoolFile({ recipients, envelope }))
      await agent.deliver(packOf(files))
      return files
    })
  }

  /** A response module that lists all of a request as stored. */
  static module(request: StowRequest): string {
    return stowModule(HandedOn.uidsOf(request))
  }

  static uidsOf({ files }: StowRequest): string[] {
    return files.map((file) => parsePart10Header(file)?.sopInstanceUid ?? '')
  }

  /** Instances of one study, the same unless another is named. */
  deliver(count: number, studyInstanceUid = this.#studyInstanceUid): Promise<SpoolFixture[]> {
    return this.#deliver(count, studyInstanceUid)
  }

  async study() {
    const [study] = await this.center.desk.studies(3650, 1)
    if (study === undefined) throw new Error('no study')
    return study
  }

  /** The study, once it is so; half an hour passes in each pause. */
  async until(isSo: (study: Awaited<ReturnType<HandedOn['study']>>) => boolean) {
    for (;;) {
      const study = await this.study()
      if (isSo(study)) return study
      this.clock.advance(HOUR_MS / 2)
      await sleep(PAUSE_MS)
    }
  }

  /** Lets time pass until the PACS has got one more request. */
  async nextRequest(): Promise<void> {
    const before = this.pacs.requests.length
    while (this.pacs.requests.length === before) {
      this.clock.advance(STEP_MS)
      await sleep(PAUSE_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
    await this.pacs[Symbol.asyncDispose]()
  }
}
