import { appendFileSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { filePath } from '../../src/agent/queue/spool/spool-names.ts'
import { parseUlid } from '../../src/protocol/ulid.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { bytesOf, spooledIn, wipe } from '../support/instances/spooled.ts'
import { Random } from '../support/random.ts'
import { KILL_POINTS } from './fault-sizes.ts'
import { accountOf } from './support/kill-account.ts'
import { KillClinic } from './support/kill-clinic.ts'
import { LoadingDevice } from './support/kill-device.ts'
import { straceTrouble } from './support/kill-strace.ts'
import { HURRIED, SWEPT_SETTINGS, type Sweep, startAndCompare, sweep } from './support/kill-sweep.ts'

const trouble = straceTrouble()
const group = trouble === undefined ? describe : describe.skip
const random = Random.fromEnvironment()

group(trouble === undefined ? 'killed by strace' : `killed by strace (not tried: ${trouble})`, () => {
  test(
    'acknowledged instances arrive exactly once though agent and center die at any system call, and nothing is left lying',
    async () => {
      const [agent, center] = await Promise.all([
        sweep('agent', Math.ceil(KILL_POINTS / 2), random),
        sweep('center', Math.floor(KILL_POINTS / 2), random),
      ])
      report('agent', agent)
      report('center', center)
      expect([...agent.bad, ...center.bad]).toEqual([])
      expect(deaths(agent) + deaths(center)).toBe(KILL_POINTS)
    },
    60_000 + KILL_POINTS * 10_000,
  )
})

describe('the account of a kill test', () => {
  test('the account of a kill test finds an agent that answers Success before it stores', async () => {
    const nodeFlags = [...HURRIED, '--import', join(import.meta.dirname, 'support/kill-early-success.mjs')]
    await using clinic = await KillClinic.open(SWEPT_SETTINGS, { nodeFlags })
    const device = new LoadingDevice()
    await device.sendLoad(clinic.portOf('agent'))
    await clinic.kill('agent')
    const wrong = await startAndCompare(clinic, 'agent', device.acknowledged, 0)
    expect(wrong).toContainEqual(expect.stringMatching('at start: acknowledged and 0 times in the index'))
  })

  test('the account of a kill test notices instances that are lost, doubled or left lying', async () => {
    await using clinic = await KillClinic.open({ study: SWEPT_SETTINGS.study, send: SWEPT_SETTINGS.send })
    const device = new LoadingDevice()
    await device.sendLoad(clinic.portOf('agent'))
    expect(await accountOf(clinic, device.acknowledged)).toEqual([])
    const [stored = '', untrue = ''] = storedAtCenter(clinic.centerFolder).map(({ path }) => path)
    const spool = join(clinic.dataFolder, 'spool')
    const [spooled] = spooledIn(spool)
    if (spooled === undefined) throw new Error('the spool is empty')
    const notices = async (change: () => void): Promise<string> => {
      change()
      return (await accountOf(clinic, device.acknowledged, 0)).join('\n')
    }

    const unknown = { sopInstanceUid: '1.2.3', dataSetSha256: 'none' }
    expect(await accountOf(clinic, [unknown], 0)).toEqual(['acknowledged and 0 times in the index: 1.2.3'])
    expect(await notices(() => copyFileSync(stored, `${stored}~.dcm`))).toMatch('does not name')
    expect(await notices(() => rmSync(stored))).toMatch('not what the register says')
    expect(await notices(() => appendFileSync(untrue, 'x'))).toMatch(/(not what the register says[^]*){2}/)
    expect(await notices(() => writeFileSync(filePath(spool, NEVER_GIVEN), bytesOf(spooled)))).toMatch(
      'nothing speaks of',
    )
    const lose = (): void => {
      rmSync(filePath(spool, NEVER_GIVEN))
      wipe(spooled)
    }
    expect(await notices(lose)).toMatch('its spool file is gone')
    expect(await notices(() => writeFileSync(join(clinic.centerFolder, 'packs/x'), ''))).toMatch(
      'pack is left',
    )
  })
})

/** A ULID that the agent never gave out. */
const NEVER_GIVEN = parseUlid('0'.repeat(26))

const deaths = ({ killed }: Sweep): number => Array.from(killed.values()).reduce((sum, n) => sum + n, 0)

function report(program: string, { tried, killed, acknowledged, bad }: Sweep): void {
  const counts = {
    tried,
    killed: Object.fromEntries(killed),
    acknowledged,
    bad: bad.length,
    seed: random.seed,
  }
  process.stdout.write(`kill points of the ${program}: ${JSON.stringify(counts)}\n`)
}
