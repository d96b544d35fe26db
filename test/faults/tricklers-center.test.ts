import { describe, expect, test } from '@jest/globals'
import { CENTER_PATHS, packAnswerSchema } from '../../src/protocol/center-api.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { until } from '../support/clocks/until.ts'
import { packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { TRICKLERS } from './fault-sizes.ts'
import { startTricklers } from './support/start-tricklers.ts'

const UPLOADS = 5
const LIMIT_MS = 5000

const group = process.platform === 'linux' ? describe : describe.skip

/** Behind an address that it shares with its attacker a client has to compete with it for each place. */
const AT_ONE_ADDRESS = Math.min(TRICKLERS, 1_000)

group('connections that trickle from one host', () => {
  test.each([
    [TRICKLERS, 'another address', '127.0.0.66'],
    [AT_ONE_ADDRESS, 'the same address, as behind one NAT', '127.0.0.1'],
  ])(
    'an upload among %d tricklers, from %s, passes on new connections within 5 s',
    async (count, _, attacker) => {
      await using center = await RunningCenter.start()
      const agent = await center.enrol()
      const recipients = await center.recipients(agent)
      await center.close()
      await center.openProcess()
      const hostile = { port: center.port, count, addresses: [attacker], door: 'front' } as const
      await using attack = await startTricklers(hostile)
      const tookMs: number[] = []
      for (let i = 0; i < UPLOADS; i++) {
        const started = performance.now()
        await until(
          () => deliverAnew(agent, recipients).catch(() => undefined),
          (members) => members !== undefined,
          LIMIT_MS * 4,
        )
        tookMs.push(Math.round(performance.now() - started))
      }
      const turnedAway = attack.turnedAway()
      process.stdout.write(
        `tricklers at the center: ${JSON.stringify({ count, attacker, tookMs, turnedAway })}\n`,
      )
      expect(Math.max(...tookMs)).toBeLessThan(LIMIT_MS)
    },
    180_000,
  )
})

/** Sends a pack and waits for its answer, each request on a connection of its own. */
async function deliverAnew(agent: EnrolledAgent, recipients: string[]): Promise<readonly unknown[]> {
  const { pack, bytes } = packOf([spoolFile({ recipients })])
  const headers = { connection: 'close' }
  const created = await agent.tus('POST', CENTER_PATHS.packs, {
    headers: {
      ...headers,
      'upload-length': bytes.length,
      'upload-metadata': `pack ${Buffer.from(pack).toString('base64')}`,
      'content-type': 'application/offset+octet-stream',
    },
    body: bytes,
  })
  expect(created.status).toBe(201)
  const path = `${String(created.headers.location)}/answer`
  const answer = packAnswerSchema.parse((await agent.ask('GET', path, { headers })).json)
  return answer.state === 'answered' ? answer.members : []
}
