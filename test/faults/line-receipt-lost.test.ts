import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { CONTROL_PATHS, statusSchema } from '../../src/protocol/control-api.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { type RunningProgram, startProgram } from '../support/programs/child-process.ts'
import type { Clinic } from '../support/programs/clinic.ts'
import { KIB, openBadLine } from './support/bad-line.ts'

const SOURCES = join(import.meta.dirname, '../../src')

function openIndex({ settings }: Clinic): Database {
  return Database.open(join(settings.dataFolder, 'queue.sqlite'), join(SOURCES, 'agent/queue/schema'))
}

/** Receipts that the center has given, as it keeps them. */
function receiptsGiven({ folder }: Clinic): string[] {
  const register = Database.open(
    join(folder, 'center/register.sqlite'),
    join(SOURCES, 'center/register/sqlite/schema'),
  )
  const rows = register.all<{ jws: string }>('SELECT jws FROM receipts ORDER BY counter')
  register.close()
  return rows.map(({ jws }) => jws)
}

/** Returns whether the agent answers no request, since it waits for the lock of its index. */
async function isStuck({ settings }: Clinic): Promise<boolean> {
  const asking = new ControlClient(settings.dataFolder).call(statusSchema, 'GET', CONTROL_PATHS.status)
  const answered = asking.then(
    () => false,
    () => false,
  )
  // An agent that is not stuck answers in milliseconds: the absence of an answer can only be waited out.
  return Promise.race([answered, setTimeout(500, true)])
}

test('an agent that dies with a receipt in its hand asks again, gets the same one, and confirms once', async () => {
  await using bad = await openBadLine({ clock: systemClock, settings: { study: { quietMs: 1000 } } })
  const { clinic, line } = bad
  await clinic.stopAgent()
  const start = (): Promise<RunningProgram> =>
    startProgram('run-agent', join(clinic.folder, 'agent.json'), clinic.settings)
  await using first = await start()
  const index = openIndex(clinic)
  const state = (): string | undefined => index.get<{ state: string }>('SELECT state FROM delivery')?.state
  await sendInstances(first.port, [inventedInstance(KIB)])
  await until(state, (it) => it === 'delivered')
  line.isHoldingAnswers = true
  await until(
    () => receiptsGiven(clinic).length,
    (count) => count === 1,
  )

  // The receipt arrives, and cannot be written down before the agent is dead.
  index.run('BEGIN IMMEDIATE')
  line.releaseAnswers()
  await until(() => isStuck(clinic), Boolean)
  await first.kill()
  index.run('ROLLBACK')
  expect(state()).toBe('delivered')
  expect(index.get('SELECT 1 FROM manifest WHERE receipt_jws IS NOT NULL')).toBeUndefined()

  await using second = await start()
  await until(state, (it) => it === 'confirmed')
  expect(index.all('SELECT version, receipt_jws AS receipt FROM manifest')).toEqual([
    { version: 1, receipt: receiptsGiven(clinic)[0] },
  ])
  expect(receiptsGiven(clinic)).toHaveLength(1)
  index.close()
  await second.stop()
}, 120_000)
