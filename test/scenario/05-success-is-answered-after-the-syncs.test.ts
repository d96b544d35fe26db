import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { STRACE, type SuccessAnswer, successAnswers } from '../support/programs/sync-order.ts'

const canTrace = spawnSync('strace', ['-V']).status === 0 && process.platform === 'linux'

/** Takes 40 instances over four associations at once under strace, and reads from the trace what came before each 0000. */
async function traceIntake(nodeFlags: readonly string[]): Promise<SuccessAnswer[]> {
  await using clinic = await openClinic()
  await clinic.stopAgent()
  const trace = join(clinic.folder, 'trace')
  await using agent = await startProgram('run-agent', join(clinic.folder, 'agent.json'), clinic.settings, {
    wrapper: [...STRACE, '-o', trace],
    nodeFlags,
  })
  const batches = Array.from({ length: 4 }, () =>
    Array.from({ length: 10 }, (_, i) => inventedInstance(i === 3 ? 5_000_000 : 30_000)),
  )
  const answers = await Promise.all(batches.map((batch) => sendInstances(agent.port, batch)))
  expect(answers.flat().map(({ status }) => status)).toEqual(Array(40).fill(0))
  await agent.kill()
  const spooled = spooledIn(join(clinic.settings.dataFolder, 'spool'))
  return successAnswers(trace, new Map(spooled.map((one) => [one.envelope.sopInstanceUid, one])))
}

const group = canTrace ? describe : describe.skip

group(canTrace ? 'under strace' : 'under strace, which is not here', () => {
  test('the sealed bytes and the name of their file are synced before each 0000 is written', async () => {
    const answers = await traceIntake([])
    expect(answers).toHaveLength(40)
    expect(answers.filter(({ isAfterSync }) => !isAfterSync)).toEqual([])
  })

  test('the same check fails when the syncs are switched off', async () => {
    const answers = await traceIntake([
      '--import',
      join(import.meta.dirname, '../support/programs/no-sync.mjs'),
    ])
    expect(answers).toHaveLength(40)
    expect(answers.filter(({ isAfterSync }) => isAfterSync)).toEqual([])
  })
})
