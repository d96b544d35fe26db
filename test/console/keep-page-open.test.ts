import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from '@jest/globals'
import { startAgent } from '../../src/agent/agent.ts'
import { loadAgentSettings } from '../../src/config/agent-settings.ts'
import { rememberJoin } from '../../src/console/setup/pending-join.ts'
import { keepPageOpen } from '../../src/console/web/keep-page-open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { encodeJoinCode, joinToken, verifierOf } from '../../src/protocol/join-code.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { freePort } from '../support/peers/free-port.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The pause of the set-up between two attempts to join. */
const JOIN_EVERY_MS = 15_000

test('a set-up that waits for the center goes on once, however often the taken port of the page is tried', async () => {
  using folder = tempFolder()
  const file = folder.join('ferry.yaml')
  writeFileSync(file, 'dataFolder: data\nlog: {level: error}\nlimits: {reserve: 64MiB}\n')
  const loaded = loadAgentSettings(file, 'en')
  const verifier = verifierOf(newSigningKey().kid)
  const code = encodeJoinCode({
    url: `https://127.0.0.1:${await freePort()}`,
    verifier,
    token: joinToken(Buffer.alloc(13)),
  })
  await rememberJoin(loaded.dataFolder, { code, name: 'North Street' })

  const log = new RecordingLog()
  const clock = new ManualClock(Date.now())
  const startedMs = clock.monotonicMs()
  const failures = (message: string): number => log.lines.filter((line) => line.message === message).length
  const pages: string[] = []
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const statusPage = { host: '127.0.0.1', port: (taken.address() as AddressInfo).port }
  const settings = { ...loaded, listener: { ...loaded.listener, host: '127.0.0.1', port: 0 }, statusPage }
  await using agent = await startAgent(settings, { clock: systemClock, log: silentLog })
  const { service } = agent
  await using _ = await keepPageOpen({ settings, file, service, clock, log }, (url) => pages.push(url))
  await passTimeUntil(
    clock,
    () => failures('no status page'),
    (seen) => seen === 4,
    2500,
  )
  const most = 1 + Math.floor((clock.monotonicMs() - startedMs) / JOIN_EVERY_MS)
  expect(failures('joining a center failed')).toBeGreaterThan(1)
  expect(failures('joining a center failed')).toBeLessThanOrEqual(most)

  taken.close()
  await passTimeUntil(
    clock,
    () => pages.length,
    (opened) => opened === 1,
    2500,
  )
  const answer = await fetch(`${pages[0] ?? ''}api/setup?lang=en`)
  expect(await answer.json()).not.toMatchObject({ joining: { state: 'none' } })
})
