import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { OrderStore } from '../../src/agent/orders/cache/order-store.ts'
import { openLocalDisplayKey } from '../../src/agent/queue/display/local-display-key.ts'
import { keepPace } from '../support/clocks/keep-pace.ts'
import { freePort } from '../support/peers/free-port.ts'
import { codeOf, Hl7Sender } from '../support/peers/hl7-sender.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { testSettings } from '../support/programs/clinic.ts'
import { Random } from '../support/random.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { FOLDER_POWER_CUTS } from './fault-sizes.ts'
import { loopTrouble, MountedImage } from './support/loop-image.ts'
import { DATA_FOLDER, LoopMachine } from './support/loop-machine.ts'

const OUTER_BYTES = 8 * 1024 ** 3
/** The other cuts are those of a clone, while the agent goes on. */
const CUTS_A_RESTART = 10
const NO_COMMIT_SYNC = ['--import', join(import.meta.dirname, 'support/kill-no-commit-sync.mjs')]
const TODAY = new Date().toISOString().slice(0, 10).replaceAll('-', '')

const trouble = FOLDER_POWER_CUTS === 0 ? 'FERRY_FOLDER_POWER_CUTS is not set' : loopTrouble(['ext4', 'xfs'])
const group = trouble === undefined ? describe : describe.skip

interface Account {
  readonly cuts: number
  /** Orders that were answered AA. */
  readonly acknowledged: number
  /** Acknowledged orders that a cut has lost, as often as that was seen. */
  readonly lost: number
}

const orderMessage = (accession: string): string =>
  [
    `MSH|^~\\&|RIS|H|FERRY|C|${TODAY}0800||ORM^O01|${accession}|P|2.5`,
    'PID|1||P1^^^HIS^MR||张^三||19700102|M',
    `ORC|NW|PL-${accession}|FI-${accession}`,
    `OBR|1|PL-${accession}|FI-${accession}|G1^胃镜||||||||||||||${accession}|RP1|SPS1||||ES|||^^^${TODAY}0930`,
  ].join('\r')

/** The accession numbers that an agent would know on the disk of a cut. */
async function known(dataFolder: string): Promise<Set<string>> {
  using store = OrderStore.open(dataFolder, await openLocalDisplayKey(join(dataFolder, 'keys')), Date.now())
  const { orders } = await store.load()
  return new Set(orders.map(({ order }) => order.accessionNumber ?? ''))
}

/** A RIS sends orders to a machine that loses power right after an answer, again and again. */
async function cutOrders(cuts: number, nodeFlags: readonly string[], random: Random): Promise<Account> {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(tempFolder())
  const outer = place.join('outer')
  stack.use(await MountedImage.make(place.join('outer.image'), outer, 'xfs', OUTER_BYTES))
  const machine = stack.use(await LoopMachine.make(outer, place.join('a'), 'agent', 'ext4'))
  const hl7 = {
    host: '127.0.0.1',
    port: await freePort(),
    addresses: ['127.0.0.1'],
    messageBytes: 1024 ** 2,
    idleMs: 60_000,
  }
  const settings = testSettings(machine.dataFolder, {
    displayNames: 'local-key',
    orders: [{ name: 'ris', kind: 'hl7', hl7 }],
  })
  const start = (port: number) => {
    const listener = { ...settings.listener, port }
    return startProgram('run-agent', place.join('a.json'), { ...settings, listener }, { nodeFlags })
  }
  await machine.start(start)
  const acknowledged = new Set<string>()
  let lost = 0
  const count = (here: ReadonlySet<string>): void => {
    const missing = Array.from(acknowledged).filter((accession) => !here.has(accession))
    lost += missing.length
    for (const accession of missing) acknowledged.delete(accession)
  }
  let [sent, answered] = [0, 0]
  for (let cut = 1; cut <= cuts; cut++) {
    await using sender = new Hl7Sender(hl7.port)
    for (let left = random.between(1, 12); left > 0; left--) {
      const accession = `A${++sent}`
      if (codeOf(await sender.send(orderMessage(accession))) !== 'AA') continue
      acknowledged.add(accession)
      answered++
      await keepPace(random.between(0, 20))
    }
    if (cut % CUTS_A_RESTART === 0) {
      await machine.loseAndRegainPower(start)
      count(await known(machine.dataFolder))
      continue
    }
    const mount = await machine.cloneDisk()
    await using disk = await mount()
    const before = new Set(acknowledged)
    count(await known(join(disk.folder, DATA_FOLDER)))
    // The machine itself has not lost them.
    for (const accession of before) acknowledged.add(accession)
  }
  return { cuts, acknowledged: answered, lost }
}

group(
  trouble === undefined ? 'loss of power over orders' : `loss of power over orders (not tried: ${trouble})`,
  () => {
    test(
      'an order that was answered AA is there after every cut',
      async () => {
        const random = Random.fromEnvironment()
        const account = await cutOrders(FOLDER_POWER_CUTS, [], random)
        process.stdout.write(`power cuts over orders: ${JSON.stringify({ ...account, seed: random.seed })}\n`)
        expect(account.lost).toBe(0)
      },
      120_000 + FOLDER_POWER_CUTS * 10_000,
    )

    test('without the sync of the commit the same account finds orders that were lost', async () => {
      const random = Random.fromEnvironment()
      const account = await cutOrders(Math.min(FOLDER_POWER_CUTS, 5), NO_COMMIT_SYNC, random)
      process.stdout.write(
        `power cuts over orders without the sync: ${JSON.stringify({ ...account, seed: random.seed })}\n`,
      )
      expect(account.lost).toBeGreaterThan(0)
    }, 300_000)
  },
)
