import { expect, test } from '@jest/globals'
import type { ProcedureStepView } from '../../src/protocol/commitments-api.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { runCommand } from '../support/programs/run-command.ts'

const ANNOUNCED: ProcedureStepView = {
  callingAeTitle: 'CT1',
  sopInstanceUid: '1.2.77',
  state: 'completed',
  modality: 'CT',
  studyInstanceUids: ['1.2.3'],
  begunAt: Date.UTC(2026, 10, 23, 1, 0, 0),
  changedAt: Date.UTC(2026, 10, 23, 1, 20, 0),
  endedAt: Date.UTC(2026, 10, 23, 1, 20, 0),
  completeAt: null,
  alarm: null,
  announced: 400,
  arrived: 388,
  unannounced: 1,
  series: [
    { seriesInstanceUid: '1.2.3.1', announced: 400, arrived: 388, unannounced: 0 },
    { seriesInstanceUid: '1.2.3.2', announced: 0, arrived: 0, unannounced: 1 },
  ],
}

test('steps shows what was announced, how much came, and which series lack what', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['steps'])).out).toBe(
    'No device has announced a procedure step (MPPS).\n',
  )
  const nothing = { ...ANNOUNCED, announced: 0, arrived: 0, unannounced: 0, series: [] }
  agent.service.announced = [ANNOUNCED, nothing, { ...nothing, state: 'inProgress', endedAt: null }]
  const { exitCode, out } = await runCommand(agent.path, ['steps'])
  const [, first, second, third] = out.split('\n')
  expect(exitCode).toBe(0)
  expect(first).toMatch(
    /^completed +CT1 +CT .*388\/400 +1\.2\.3 +12 of 400 missing in series 1\.2\.3\.1; 1 not announced in series 1\.2\.3\.2$/,
  )
  expect(second).toMatch(/the device announced no instances$/)
  expect(third).toMatch(/^in progress .*0\/0 +1\.2\.3$/)
  expect((await runCommand(agent.path, ['steps', '--lang', 'zh'])).out).toContain(
    '序列 1.2.3.1 缺 12 幅（申报 400）',
  )
  const { out: json } = await runCommand(agent.path, ['steps', '--json'])
  expect(JSON.parse(json)).toMatchObject({ schemaVersion: 1, procedureSteps: [{ announced: 400 }, {}, {}] })
})

test('study says what its devices announced', async () => {
  await using agent = await startFakeAgent()
  agent.service.announced = [ANNOUNCED]
  const { out } = await runCommand(agent.path, ['study', '1.2.3'])
  expect(out).toContain('CT1 announced 400 instances by MPPS (completed): 388 have arrived\n')
  expect(out).toContain('\n  12 of 400 missing in series 1.2.3.1\n')
})
