import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { initCenter } from '../../src/center/keys/center-keys.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { keepPace } from '../support/clocks/keep-pace.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { joinTestCenter, testSettings } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { Random } from '../support/random.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { FOLDER_POWER_CUTS } from './fault-sizes.ts'
import { loopTrouble, MountedImage } from './support/loop-image.ts'
import { LoopMachine } from './support/loop-machine.ts'

const OUTER_BYTES = 8 * 1024 ** 3
const TAKES_WITHIN_MS = 60_000
const NO_LEDGER_SYNC = ['--import', join(import.meta.dirname, 'support/kill-no-commit-sync.mjs')]

const trouble = FOLDER_POWER_CUTS === 0 ? 'FERRY_FOLDER_POWER_CUTS is not set' : loopTrouble(['ext4', 'xfs'])
const group = trouble === undefined ? describe : describe.skip

interface Account {
  /** Files that were written and synced. */
  readonly files: number
  /** How often the agent has said, after it had written it down, that it took one. */
  readonly said: number
  readonly missing: readonly string[]
  readonly storedTwice: number
}

/** Puts files into two folders of a machine that loses power again and again, and accounts for them at the end. */
async function cutFolders(cuts: number, nodeFlags: readonly string[], random: Random): Promise<Account> {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(tempFolder())
  const outer = place.join('outer')
  stack.use(await MountedImage.make(place.join('outer.image'), outer, 'xfs', OUTER_BYTES))
  const machine = stack.use(await LoopMachine.make(outer, place.join('a'), 'agent', 'ext4'))
  const [kept, deleted] = [place.join('a', 'kept'), place.join('a', 'deleted')]
  const settings = testSettings(machine.dataFolder, {
    log: { level: 'info' },
    devices: [FOLDER_DEVICE],
    study: { quietMs: 100 },
    folders: [
      folderSettings(kept, { name: 'kept' }),
      folderSettings(deleted, { name: 'deleted', afterwards: 'delete', when: 'safe' }),
    ],
  })
  const centerFolder = place.join('center')
  await initCenter(centerFolder, 'https://127.0.0.1', Date.now())
  const limits = { ...DEFAULT_LIMITS, reserveBytes: 0 }
  const listen = { host: '127.0.0.1', port: 0 }
  const center = stack.use(
    await startProgram('run-center', place.join('c.json'), {
      folder: centerFolder,
      listen,
      name: 'Test center',
      limits,
    }),
  )
  await joinTestCenter(centerFolder, center.port, machine.dataFolder)
  const log = place.join('log')
  const start = async (port: number) => {
    const stderr = openSync(log, 'a')
    const listener = { ...settings.listener, port }
    const agent = await startProgram(
      'run-agent',
      place.join('a.json'),
      { ...settings, listener },
      { nodeFlags, stderr },
    )
    closeSync(stderr)
    return agent
  }
  await machine.start(start)
  const digests: string[] = []
  const said = (): number => readFileSync(log, 'utf8').split('"file taken"').length - 1
  for (let cut = 0; cut < cuts; cut++) {
    const count = random.between(10, 40)
    for (let i = 0; i < count; i++) {
      const instance = inventedInstance(20_000)
      const folder = random.isIn(50) ? kept : deleted
      await writeAndSync(folder, `${cut}-${i}.dcm`, part10File(instance))
      digests.push(sha256(instance.dataSet))
      await keepPace(random.between(0, 60))
    }
    // A cut at a moment at which nothing is taken proves little.
    const before = said()
    await until(said, (now) => now > before, TAKES_WITHIN_MS)
    await keepPace(random.between(0, 300))
    await machine.loseAndRegainPower(start)
  }
  const storedFiles = (): number =>
    readdirSync(join(centerFolder, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.dcm'),
    ).length
  await until(
    () => Math.max(0, digests.length - storedFiles()) + readdirSync(deleted).length,
    (left) => left === 0,
    120_000 + cuts * 5000,
  )
  const here = storedAtCenter(centerFolder).map(({ dataSetSha256 }) => dataSetSha256)
  const known = new Set(here)
  const missing = digests.filter((digest) => !known.has(digest))
  return { files: digests.length, said: said(), missing, storedTwice: here.length - known.size }
}

/** As a program that hands a file over with care: it is on the disk before it counts. */
async function writeAndSync(folder: string, name: string, content: Buffer): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await using file = await open(join(folder, name), 'w')
  await file.writeFile(content)
  await file.sync()
  await using names = await open(folder, 'r')
  await names.sync()
}

group(
  trouble === undefined
    ? 'loss of power over watched folders'
    : `loss of power over watched folders (not tried: ${trouble})`,
  () => {
    test(
      'every file crosses once, and what the agent has called taken is never taken again',
      async () => {
        const random = Random.fromEnvironment()
        const account = await cutFolders(FOLDER_POWER_CUTS, [], random)
        process.stdout.write(
          `power cuts over folders: ${JSON.stringify({ ...account, cuts: FOLDER_POWER_CUTS, seed: random.seed })}\n`,
        )
        expect(account).toMatchObject({ missing: [], storedTwice: 0 })
        expect(account.said).toBeLessThanOrEqual(account.files)
      },
      240_000 + FOLDER_POWER_CUTS * 40_000,
    )

    test('without the sync of the ledger the same account finds files that were taken again', async () => {
      const random = Random.fromEnvironment()
      const account = await cutFolders(Math.min(FOLDER_POWER_CUTS, 10), NO_LEDGER_SYNC, random)
      process.stdout.write(
        `power cuts without the ledger's sync: ${JSON.stringify({ ...account, seed: random.seed })}\n`,
      )
      expect(account.said).toBeGreaterThan(account.files)
    }, 900_000)
  },
)
