import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { Spool } from '../../src/agent/queue/spool/spool.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { CONTROL_PATHS, statusSchema } from '../../src/protocol/control-api.ts'
import { type Manifest, signManifest, verifyManifest } from '../../src/protocol/manifest.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { fillSpool } from '../support/instances/large-spool.ts'
import { type RunningProgram, startProgram } from '../support/programs/child-process.ts'
import { type Clinic, openClinic } from '../support/programs/clinic.ts'
import { isLong, QUEUED_INSTANCES } from './fault-sizes.ts'

/** The limits are promised for 100,000; machines are busy, so only the long form checks them. */
const REBUILD_MS = isLong ? 10_000 : Number.POSITIVE_INFINITY
const START_MS = isLong ? 5000 : Number.POSITIVE_INFINITY
const STATUS_MS = isLong ? 300 : Number.POSITIVE_INFINITY
const STATEMENT_MS = isLong ? 200 : Number.POSITIVE_INFINITY
const ASKED = 5

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const started = performance.now()
  const result = await work()
  return { result, ms: Math.round(performance.now() - started) }
}

/** As a person does it: `ferry status` in a process of its own, of the built program. */
async function runStatus(config: string): Promise<string> {
  const args = [resolve('bin/ferry.js'), 'status', '--json', '--config', config]
  const child = spawn(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '' } })
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return out
}

/** The agent as a process of its own: how long until it is ready, what it then says, and how fast. */
async function startAndAsk({ folder, settings }: Clinic) {
  const start = (): Promise<RunningProgram> => startProgram('run-agent', join(folder, 'agent.json'), settings)
  const { result: program, ms: startMs } = await timed(start)
  await using agent = program
  const config = join(folder, 'ferry.yaml')
  writeFileSync(config, `version: 1\ndataFolder: ${JSON.stringify(settings.dataFolder)}\n`)
  const client = new ControlClient(settings.dataFolder)
  const ask = () => client.call(statusSchema, 'GET', CONTROL_PATHS.status)
  const calls: number[] = []
  const commands: number[] = []
  for (let i = 0; i < ASKED; i++) calls.push((await timed(ask)).ms)
  for (let i = 0; i < ASKED; i++) {
    const { result, ms } = await timed(() => runStatus(config))
    expect(JSON.parse(result)).toMatchObject({ deliveries: { confirmed: 0 } })
    commands.push(ms)
  }
  const { value: status } = await ask()
  await agent.stop()
  return { startMs, callMs: Math.min(...calls), commandMs: Math.min(...commands), status }
}

test(`${QUEUED_INSTANCES} queued instances: the agent starts, rebuilds its index and answers without making anybody wait`, async () => {
  // So long a quiet time that nothing but the queue is at work.
  await using clinic = await openClinic({ settings: { study: { quietMs: 3_600_000 } } })
  await clinic.stopAgent()
  await clinic.stopCenter()
  const { dataFolder } = clinic.settings
  {
    using spool = await Spool.open(join(dataFolder, 'spool'))
    fillSpool(spool, QUEUED_INSTANCES, Date.now() - 3_600_000)
  }
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataFolder, `queue.sqlite${end}`), { force: true })

  const rebuilt = await startAndAsk(clinic)
  const started = await startAndAsk(clinic)

  const figures = [rebuilt, started].map(({ startMs, callMs, commandMs }) => ({ startMs, callMs, commandMs }))
  process.stdout.write(`${QUEUED_INSTANCES} queued; rebuilt, then plain start: ${JSON.stringify(figures)}\n`)
  for (const { status } of [rebuilt, started]) {
    expect(status.deliveries).toEqual({
      queued: 0,
      sending: 0,
      delivered: QUEUED_INSTANCES,
      confirmed: 0,
      held: 0,
    })
    expect(status.alarms).toMatchObject([{ code: 'INDEX_REBUILT' }])
    expect(status.studies.open).toBe(QUEUED_INSTANCES / 200)
  }
  expect(rebuilt.startMs).toBeLessThan(REBUILD_MS)
  expect(started.startMs).toBeLessThan(START_MS)
  for (const { callMs, commandMs } of [rebuilt, started]) {
    expect(callMs).toBeLessThan(STATUS_MS)
    expect(commandMs).toBeLessThan(STATUS_MS)
  }
}, 600_000)

test('a statement of 20,000 instances is signed and verified without making anybody wait', () => {
  const key = newSigningKey()
  const sha256 = key.kid
  const instances = Array.from({ length: 20_000 }, (_, index) => ({
    ulid: newUlid(Date.now()),
    sopInstanceUid: `1.2.826.0.1.3680043.8.498.12345678901234567890.${index}`,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    dataSetBytes: 524_288,
    dataSetSha256: sha256,
    sealedBytes: 525_000,
    sealedSha256: sha256,
  }))
  const manifest: Manifest = {
    format: 'ferry-manifest/3',
    suite: 1,
    agent: key.kid,
    study: '1.2.3',
    version: 1,
    part: 1,
    parts: 1,
    previous: null,
    createdAt: new Date().toISOString(),
    heldCount: 0,
    instances,
  }
  const [signMs, verifyMs]: [number[], number[]] = [[], []]
  for (let i = 0; i < ASKED; i++) {
    const started = performance.now()
    const { jws } = signManifest(manifest, key)
    const signed = performance.now()
    expect(verifyManifest(jws, [key]).instances).toHaveLength(instances.length)
    signMs.push(Math.round(signed - started))
    verifyMs.push(Math.round(performance.now() - signed))
  }
  process.stdout.write(
    `20,000 instances: signed in ${signMs.join(', ')} ms, verified in ${verifyMs.join(', ')} ms\n`,
  )
  expect(Math.min(...signMs)).toBeLessThan(STATEMENT_MS)
  expect(Math.min(...verifyMs)).toBeLessThan(STATEMENT_MS)
})
