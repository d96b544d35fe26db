import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CenterOptions } from '../../../src/center/center.ts'
import type { Register } from '../../../src/center/register/register.ts'
import { openRegister } from '../../../src/center/register/sqlite/open-register.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import type { Log } from '../../../src/platform/log.ts'
import { type AgentAnswer, CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import { signManifest } from '../../../src/protocol/manifest.ts'
import { SUITE } from '../../../src/protocol/spool-file.ts'
import { listed, packOf, type SpoolFixture, sha256, spoolFile } from '../instances/spool-file-fixture.ts'
import { type Answer, type EnrolledAgent, RunningCenter } from './running-center.ts'

const STUDY = '1.2.3.4'

/** Ways in which a stored file can stop being what was stored; all but the last can be seen without reading it. */
export const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'is gone': (path) => rmSync(path),
  'is cut off': (path) => truncateSync(path, 700),
  'is empty': (path) => truncateSync(path, 0),
  'is longer than it was': (path) => writeFileSync(path, 'more', { flag: 'a' }),
  'has become a folder': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
}

/** Turns a bit in the middle of a file. */
export function flipByte(path: string): void {
  const bytes = readFileSync(path)
  const at = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
}

/** A center with an agent that has delivered instances of one study, and whose store can be damaged. */
export class StoreClinic implements AsyncDisposable {
  readonly center: RunningCenter
  readonly agent: EnrolledAgent
  readonly recipients: readonly string[]
  readonly files: SpoolFixture[]

  private constructor(
    center: RunningCenter,
    agent: EnrolledAgent,
    recipients: readonly string[],
    files: SpoolFixture[],
  ) {
    this.center = center
    this.agent = agent
    this.recipients = recipients
    this.files = files
  }

  static async delivered(
    count: number,
    special: Partial<CenterOptions> & { clock?: Clock; log?: Log } = {},
  ): Promise<StoreClinic> {
    const center = await RunningCenter.start(special)
    const agent = await center.enrol()
    const recipients = await center.recipients(agent)
    const envelope = { studyInstanceUid: STUDY }
    const files = Array.from({ length: count }, () => spoolFile({ recipients, envelope }))
    const clinic = new StoreClinic(center, agent, recipients, files)
    await agent.deliver(packOf(files))
    return clinic
  }

  get store(): string {
    return join(this.center.folder, 'instances')
  }

  /** Where an instance was first stored. */
  path(index: number): string {
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = this.file(index).envelope
    return join(this.store, studyInstanceUid, seriesInstanceUid, `${sopInstanceUid}.dcm`)
  }

  file(index: number): SpoolFixture {
    const file = this.files[index]
    if (file === undefined) throw new Error(`no file ${index}`)
    return file
  }

  /** The register of the running center, for a moment. */
  async register<Result>(look: (register: Register) => Promise<Result>): Promise<Result> {
    const register = openRegister(this.center.folder)
    try {
      return await look(register)
    } finally {
      register.close()
    }
  }

  manifest(
    files: readonly SpoolFixture[] = this.files,
    agent = this.agent,
    createdAt = '2026-01-01T00:00:00.000Z',
  ) {
    const instances = files.map(listed)
    const what = { format: 'ferry-manifest/3', suite: SUITE, agent: agent.key.kid, study: STUDY } as const
    return signManifest(
      { ...what, version: 1, part: 1, parts: 1, previous: null, createdAt, heldCount: 0, instances },
      agent.key,
    )
  }

  post(jws: string, agent = this.agent): Promise<Answer> {
    return agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
  }

  async unknown(digests: readonly string[], agent = this.agent): Promise<unknown> {
    return (
      await agent.ask('POST', CENTER_PATHS.receipts, {
        body: JSON.stringify({ manifests: digests, receipts: [] }),
      })
    ).json
  }

  async losses(agent = this.agent): Promise<number | null | undefined> {
    return ((await agent.ask('GET', CENTER_PATHS.agent)).json as AgentAnswer).losses
  }

  /** Whether the file that the register names for an instance is, byte for byte, the one that was sealed. */
  async isWhole(index: number): Promise<boolean> {
    const { envelope, trailer, part10 } = this.file(index)
    const version = { ...envelope, dataSetSha256: trailer.dataSetSha256 }
    const known = await this.register(({ instances }) => instances.find(version))
    const path = join(this.store, known?.file ?? 'none')
    return known?.isLost === 0 && existsSync(path) && sha256(readFileSync(path)) === sha256(part10)
  }

  /** The disk is not mounted: an empty folder is in its place. */
  unmount(): void {
    renameSync(this.store, `${this.store}.away`)
    mkdirSync(this.store)
  }

  mount(): void {
    rmSync(this.store, { recursive: true })
    renameSync(`${this.store}.away`, this.store)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
  }
}
