import { expect, test } from '@jest/globals'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { runCommand } from '../support/programs/run-command.ts'

const ASKED = {
  callingAeTitle: 'CT1',
  peerAddress: '10.0.0.1',
  transactionUid: '1.2.3.99',
  requestedAt: Date.UTC(2026, 10, 23, 1, 0, 0),
  state: 'open',
  closedAt: null,
  instances: 400,
  committed: 397,
  attempts: 0,
  nextAttemptAt: 0,
  reasonCode: null,
  reason: null,
} as const

test('commitments shows how many instances are safe and whether the device was told', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['commitments'])).out).toBe(
    'No device has asked for storage commitment.\n',
  )
  const reason = 'connecting to 10.0.0.1:104: ECONNREFUSED'
  agent.service.askedCommitments = [
    ASKED,
    { ...ASKED, state: 'abandoned', attempts: 9, reasonCode: 'ASSOCIATION_FAILED', reason },
  ]
  const { exitCode, out } = await runCommand(agent.path, ['commitments'])
  const [, open, abandoned] = out.split('\n')
  expect(exitCode).toBe(0)
  expect(open).toMatch(/^open +CT1 .*397\/400 +0 +1\.2\.3\.99 +waits for the rest to be confirmed/)
  expect(abandoned).toMatch(/^NOT REPORTED +CT1 .* 9 +1\.2\.3\.99 +connecting to 10\.0\.0\.1:104/)
  const chinese = await runCommand(agent.path, ['commitments', '--lang', 'zh'])
  expect(chinese.out).toContain('等待其余影像签收')
  const { out: json } = await runCommand(agent.path, ['commitments', '--json'])
  expect(JSON.parse(json)).toMatchObject({
    schemaVersion: 1,
    commitments: [{ transactionUid: '1.2.3.99', state: 'open' }, { state: 'abandoned' }],
  })
})
