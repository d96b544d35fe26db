import { request } from 'node:https'
import { CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import { type Manifest, type ManifestInstance, signManifest } from '../../../src/protocol/manifest.ts'
import type { SigningKey } from '../../../src/protocol/signing-key.ts'
import { SUITE } from '../../../src/protocol/spool-file.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import type { EnrolledAgent, RunningCenter } from '../../support/centers/running-center.ts'
import { keepPace } from '../../support/clocks/keep-pace.ts'
import {
  listed,
  newUid,
  packOf,
  type SpoolFixture,
  spoolFile,
} from '../../support/instances/spool-file-fixture.ts'

const ANNOUNCEMENTS = 10_000
const AT_ONCE = 32
/** Each is 33 MiB through TLS, which costs this side as much as the center. */
const OVERSIZED = 20
/** The time between two bytes of the slow body. */
const TRICKLE_PACE_MS = 100

/** The same entry many times: a large manifest of one small instance. */
export function repeated(file: SpoolFixture, times: number): ManifestInstance[] {
  return Array.from({ length: times }, () => listed(file))
}

export function manifestOf(key: SigningKey, study: string, instances: ManifestInstance[]): string {
  const manifest: Manifest = {
    format: 'ferry-manifest/3',
    suite: SUITE,
    agent: key.kid,
    study,
    version: 1,
    part: 1,
    parts: 1,
    previous: null,
    createdAt: new Date().toISOString(),
    heldCount: 0,
    instances,
  }
  return signManifest(manifest, key).jws
}

/** Everything that a stolen agent key is good for, at the same time: it lasts until 10,000 announcements are answered. */
export class Flood implements AsyncDisposable {
  /** Answers by status, and how many announcements were answered. */
  readonly statuses: Record<string, number> = { announcements: 0 }
  #isOver = false
  readonly #agent: EnrolledAgent
  readonly #center: RunningCenter
  readonly #file: SpoolFixture
  readonly #running: Promise<unknown>

  private constructor(center: RunningCenter, agent: EnrolledAgent, file: SpoolFixture) {
    this.#center = center
    this.#agent = agent
    this.#file = file
    const announcing = Promise.all(Array.from({ length: AT_ONCE }, () => this.#announce())).finally(() => {
      this.#isOver = true
    })
    this.#running = Promise.allSettled([
      announcing,
      this.#repeat(() => this.#manifest(33 * 1024 * 1024), OVERSIZED),
      this.#repeat(() => this.#largeManifest()),
      this.#repeat(() => this.#badPack()),
      this.#slowBody(),
    ])
  }

  static start(center: RunningCenter, agent: EnrolledAgent, file: SpoolFixture): Flood {
    return new Flood(center, agent, file)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #announce(): Promise<void> {
    const bytes = Buffer.alloc(1000)
    while (!this.#isOver && (this.statuses['announcements'] ?? 0) < ANNOUNCEMENTS) {
      this.#count('announcements')
      this.#count((await this.#agent.create({ pack: newUlid(Date.now()), bytes })).status)
    }
  }

  /** Too large to be taken; as much of it is sent as the center reads. */
  async #manifest(size: number): Promise<void> {
    const body = Buffer.alloc(size, 'a')
    this.#count((await this.#agent.ask('POST', CENTER_PATHS.manifests, { body })).status)
  }

  async #largeManifest(): Promise<void> {
    const jws = manifestOf(this.#agent.key, newUid(), repeated(this.#file, 5000))
    this.#count((await this.#agent.ask('POST', CENTER_PATHS.manifests, { body: jws })).status)
  }

  /** Whole packs whose members are junk: each is opened and answered. */
  async #badPack(): Promise<void> {
    const junk = Array.from({ length: 50 }, () =>
      spoolFile({ recipients: [], sealed: Buffer.alloc(100_000, 1) }),
    )
    const pack = packOf(junk)
    this.#count((await this.#agent.create(pack, pack.bytes)).status)
  }

  /** A body that comes one byte at a time, until the flood is over. */
  async #slowBody(): Promise<void> {
    const created = await this.#agent.create({ pack: newUlid(Date.now()), bytes: Buffer.alloc(1_000_000) })
    const headers = {
      authorization: `Bearer ${this.#agent.token()}`,
      'tus-resumable': '1.0.0',
      'upload-offset': 0,
      'content-length': 1_000_000,
      'content-type': 'application/offset+octet-stream',
    }
    const url = `${this.#center.url}${created.headers.location}`
    const patch = request(url, { method: 'PATCH', headers, rejectUnauthorized: false, agent: false })
    patch.on('error', () => {})
    while (!this.#isOver) {
      patch.write('a')
      await keepPace(TRICKLE_PACE_MS)
    }
    patch.destroy()
  }

  async #repeat(attack: () => Promise<void>, times = Infinity): Promise<void> {
    for (let i = 0; i < times && !this.#isOver; i++) await attack().catch(() => this.#count('broken off'))
  }

  #count(what: string | number): void {
    this.statuses[what] = (this.statuses[what] ?? 0) + 1
  }
}
