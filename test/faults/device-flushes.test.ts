import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { loopTrouble, MountedImage } from './support/loop-image.ts'

const INSTANCES = 200
const INSTANCE_BYTES = 512 * 1024
const SLOW_MS = 120_000

/**
 * Flush requests per instance that reach the disk of an agent which takes 200 of them, sent over this many associations at
 * once. It cannot reach its center meanwhile, so that all of them belong to the intake.
 */
async function flushesPerInstance(associations: number, wrapper: readonly string[] = []): Promise<number> {
  using folder = tempFolder()
  await using disk = await MountedImage.make(folder.join('disk.image'), folder.join('disk'), 'ext4')
  await using clinic = await openClinic({ settings: { dataFolder: join(disk.folder, 'data') } })
  await clinic.stopAgent()
  await clinic.stopCenter()
  await using agent = await startProgram('run-agent', folder.join('agent.json'), clinic.settings, {
    wrapper,
  })
  const batches = Array.from({ length: associations }, () =>
    Array.from({ length: INSTANCES / associations }, () => inventedInstance(INSTANCE_BYTES)),
  )
  await disk.sync()
  const before = await disk.flushRequests()
  const answers = await Promise.all(batches.map((batch) => sendInstances(agent.port, batch)))
  const flushes = (await disk.flushRequests()) - before
  if (answers.flat().some(({ status }) => status !== 0)) throw new Error('not every instance was taken')
  process.stdout.write(`device flushes per instance, ${associations} associations: ${flushes / INSTANCES}\n`)
  return flushes / INSTANCES
}

/**
 * The lowest of some counts, or the first within `limit`: on a busy machine fewer syncs come together, and the journal, which
 * the kernel commits every five seconds by itself, is counted more often.
 */
async function lowestOf(times: number, limit: number, count: () => Promise<number>): Promise<number> {
  const counts: number[] = []
  while (counts.length < times && !counts.some((it) => it <= limit)) counts.push(await count())
  return Math.min(...counts)
}

const trouble = loopTrouble(['ext4'])
const group = trouble === undefined ? describe : describe.skip

group(trouble === undefined ? 'device flushes' : `device flushes (not counted: ${trouble})`, () => {
  test(
    'an instance of 512 KiB costs the disk at most 2.2 flushes over one association',
    async () => {
      const flushes = await lowestOf(3, 2.2, () => flushesPerInstance(1))
      expect(flushes).toBeLessThanOrEqual(2.2)
      expect(flushes).toBeGreaterThanOrEqual(1)
    },
    SLOW_MS,
  )

  test(
    'an instance of 512 KiB costs at most 1.5 flushes with eight associations at once',
    async () => {
      const flushes = await lowestOf(3, 1.5, () => flushesPerInstance(8))
      expect(flushes).toBeLessThanOrEqual(1.5)
      expect(flushes).toBeGreaterThan(0.1)
    },
    SLOW_MS,
  )

  const hasEatmydata = spawnSync('eatmydata', ['true']).status === 0
  const controlGroup = hasEatmydata ? describe : describe.skip

  controlGroup(hasEatmydata ? 'an agent whose syncs are hidden' : 'without eatmydata, no control', () => {
    test(
      'hardly any flush is counted when syncs are switched off',
      async () => {
        expect(await flushesPerInstance(1, ['eatmydata'])).toBeLessThan(0.1)
      },
      SLOW_MS,
    )
  })
})
