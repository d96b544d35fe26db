import { spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { Random } from '../support/random.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { POWER_CUTS } from './fault-sizes.ts'
import { openLoopClinic } from './support/clinic-on-loop-disks.ts'
import { type Cut, type CutFindings, cutAndFinish, cutAside } from './support/cut-power.ts'
import type { DeviceFeed } from './support/device-feed.ts'
import { type FileSystem, loopTrouble, MountedImage } from './support/loop-image.ts'

const FILE_SYSTEMS = ['ext4', 'xfs', 'btrfs'] as const
const CUTS: readonly Cut[] = ['agent', 'center', 'both', 'both']
/** Cuts for one agent and center; after each of them they start again on the remaining disk. */
const CUTS_PER_CLINIC = 10
const OUTER_BYTES = 8 * 1024 ** 3

const trouble = loopTrouble(FILE_SYSTEMS)
const random = Random.fromEnvironment()
const group = trouble === undefined ? describe : describe.skip

const nextCut = (): Cut => random.pick(CUTS)

/** At some moment, or right after a Success: a promise is most easily broken just after it was given. */
async function anyMoment(feed: DeviceFeed): Promise<void> {
  // The moment of a cut is drawn by chance; nothing is waited for.
  await pause(random.between(20, 300))
  if (random.between(0, 1) === 0) await feed.nextAcknowledgement()
}

group(trouble === undefined ? 'loss of power' : `loss of power (not tried: ${trouble})`, () => {
  const held = new AsyncDisposableStack()
  let [outer, mounts] = ['', '']

  beforeAll(async () => {
    const folder = held.use(tempFolder())
    const [image, mountPoint] = [folder.join('outer.image'), folder.join('outer')]
    held.use(await MountedImage.make(image, mountPoint, 'xfs', OUTER_BYTES))
    outer = mountPoint
    mounts = folder.path
  })

  afterAll(() => held.disposeAsync())

  /** So many cuts of one agent and center, which go on unharmed until the last; then both finish what was begun. */
  async function cutOneClinic(fileSystem: FileSystem, cuts: number): Promise<CutFindings[]> {
    await using clinic = await openLoopClinic({ outer, mounts, fileSystem, random })
    const findings: CutFindings[] = []
    while (findings.length < cuts - 1) {
      findings.push(await cutAside(clinic, nextCut(), () => anyMoment(clinic.feed)))
    }
    await anyMoment(clinic.feed)
    findings.push(await cutAndFinish(clinic, nextCut()))
    return findings
  }

  test.each(FILE_SYSTEMS)(
    'a power cut on %s loses nothing acknowledged, and nothing confirmed is missing at the center',
    async (fileSystem) => {
      const share = Math.floor((POWER_CUTS + FILE_SYSTEMS.indexOf(fileSystem)) / FILE_SYSTEMS.length)
      const clinics: CutFindings[][] = []
      for (let left = share; left > 0; left -= CUTS_PER_CLINIC) {
        clinics.push(await cutOneClinic(fileSystem, Math.min(left, CUTS_PER_CLINIC)))
      }
      const all = clinics.flat()
      report(fileSystem, clinics)
      expect(all).toHaveLength(share)
      expect(all.flatMap(({ agent }) => agent?.lost ?? [])).toEqual([])
      expect(all.flatMap(({ center }) => center?.lost ?? [])).toEqual([])
      expect(
        all.flatMap(({ agent, center }) => [...(agent?.troubles ?? []), ...(center?.troubles ?? [])]),
      ).toEqual([])
      for (const last of clinics.map((findings) => findings.at(-1))) {
        expect(last?.confirmed).toBe(last?.acknowledged)
        expect(last?.agent?.instances).toBe(last?.acknowledged)
        expect(last?.center?.instances).toBe(last?.acknowledged)
      }
    },
    60_000 + POWER_CUTS * 3_000,
  )

  const hasEatmydata = spawnSync('eatmydata', ['true']).status === 0
  const controlGroup = hasEatmydata ? describe : describe.skip

  controlGroup(
    hasEatmydata ? 'with the syncs of both programs hidden' : 'without eatmydata, no control',
    () => {
      test.each(FILE_SYSTEMS)(
        'the same checks find losses at both on %s',
        async (fileSystem) => {
          await using clinic = await openLoopClinic({
            outer,
            mounts,
            fileSystem,
            random,
            wrapper: ['eatmydata'],
          })
          await until(
            () => clinic.log.note(),
            (confirmed) => confirmed >= 10,
          )
          const { acknowledged, confirmed, agent, center } = await cutAside(clinic, 'both')
          write(`power cut on ${fileSystem} without syncs`, {
            acknowledged,
            lost: agent?.lost.length,
            confirmed,
            missingAtTheCenter: center?.lost.length,
          })
          expect(agent?.lost).not.toEqual([])
          expect(center?.lost).not.toEqual([])
        },
        60_000,
      )
    },
  )
})

function report(fileSystem: FileSystem, clinics: readonly CutFindings[][]): void {
  const all = clinics.flat()
  const last = clinics.map((findings) => findings.at(-1))
  const counts = {
    cuts: all.length,
    ofTheAgent: all.filter(({ agent }) => agent !== undefined).length,
    ofTheCenter: all.filter(({ center }) => center !== undefined).length,
    acknowledged: sum(last.map((findings) => findings?.acknowledged ?? 0)),
    lost: sum(all.map(({ agent }) => agent?.lost.length ?? 0)),
    confirmed: sum(last.map((findings) => findings?.confirmed ?? 0)),
    missingAtTheCenter: sum(all.map(({ center }) => center?.lost.length ?? 0)),
    seed: random.seed,
  }
  write(`power cuts on ${fileSystem}`, counts)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

function write(what: string, counts: object): void {
  process.stdout.write(`${what}: ${JSON.stringify(counts)}\n`)
}
