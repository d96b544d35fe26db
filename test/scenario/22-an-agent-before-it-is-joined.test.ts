import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { type RunningAgent, startAgent } from '../../src/agent/agent.ts'
import { joinCenter } from '../../src/agent/send/join-center.ts'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import { UID } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { hasStorescu } from '../support/peers/storescu.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { testSettings } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const start = (settings: AgentSettings): Promise<RunningAgent> =>
  startAgent(settings, { clock: systemClock, log: silentLog })

/** Runs a program of DCMTK beside the agent, which is in this process. */
async function dcmtkRun(program: string, ...args: string[]): Promise<{ exitCode: unknown; said: string }> {
  const child = spawn(program, ['-to', '5', '-aet', 'CT1', '-aec', 'FERRY', ...args])
  const [said, told, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { exitCode, said: said + told }
}

async function joinAt(center: RunningCenter, dataFolder: string): Promise<void> {
  const approvals: Promise<unknown>[] = []
  await joinCenter({
    dataFolder,
    code: { ...(await center.invite('North Street')), url: center.url },
    name: 'pc-1',
    clock: systemClock,
    onPending: (fingerprint) => approvals.push(center.desk.approve(fingerprint)),
  })
  await Promise.all(approvals)
}

const spoolFiles = (dataFolder: string): string[] =>
  spooledIn(join(dataFolder, 'spool')).map(({ path }) => path)

const group = hasStorescu() ? describe : describe.skip

group(hasStorescu() ? 'DCMTK' : 'DCMTK (not installed)', () => {
  test('is answered by an agent without a center: its echo succeeds, and its images are rejected for now', async () => {
    using folder = tempFolder()
    await using agent = await start(testSettings(folder.path))
    const port = String(agent.port)
    expect(await dcmtkRun('echoscu', '127.0.0.1', port)).toMatchObject({ exitCode: 0 })

    const file = folder.join('ct.dcm')
    const instance = inventedInstance(1000)
    writeFileSync(file, Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    const sent = await dcmtkRun('storescu', '-v', '127.0.0.1', port, file)
    expect(sent.exitCode).not.toBe(0)
    expect(sent.said).toMatch(/Rejected Transient/i)
    await expect(sendInstances(agent.port, [inventedInstance(1000)])).rejects.toMatchObject({
      message: expect.stringMatching(/temporary congestion \(transient\)/),
    })

    const { center, fingerprint, devices } = agent.service.status()
    expect(center).toEqual({ name: null, url: null, trouble: null })
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(devices).toMatchObject([{ callingAeTitle: 'CT1', state: 'known', problem: { kind: 'unjoined' } }])
    expect(spoolFiles(folder.path)).toEqual([])
  })
})

test('a device that proposes verification and storage together gets A700 for its image, and stores nothing', async () => {
  using folder = tempFolder()
  await using agent = await start(testSettings(folder.path))
  const instance = inventedInstance(1000)
  const { sopClassUid, transferSyntaxUid, dataSet } = instance
  await using association = await openAssociation({
    host: '127.0.0.1',
    port: agent.port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [
      { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] },
      { abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] },
    ],
    clock: systemClock,
  })
  expect(await association.echo()).toBe(0)
  expect(await association.store({ ...instance, dataSet: Readable.from([dataSet]) })).toMatchObject({
    status: 0xa700,
  })
  expect(agent.service.status().center.url).toBeNull()
  expect(spoolFiles(folder.path)).toEqual([])
})

test('an agent that joins while it runs goes on by itself, on the same port, and the image is confirmed', async () => {
  await using center = await RunningCenter.start()
  using folder = tempFolder()
  const settings = testSettings(folder.path)
  await using agent = await start(settings)
  await expect(sendInstances(agent.port, [inventedInstance(1000)])).rejects.toThrow('temporary congestion')

  await joinAt(center, settings.dataFolder)
  await until(
    () => agent.service.status(),
    (status) => status.center.name === 'District center',
  )
  const instance = inventedInstance(1000)
  expect(await sendInstances(agent.port, [instance])).toMatchObject([{ status: 0 }])
  await until(
    () => agent.service.status().deliveries,
    ({ confirmed }) => confirmed === 1,
  )
  expect(storedAtCenter(center.folder)).toMatchObject([{ sopInstanceUid: instance.sopInstanceUid }])
})

test('an agent that is killed at any moment of joining starts again, and takes images once it is in', async () => {
  await using center = await RunningCenter.start()
  for (const delayMs of [0, 300, 700]) {
    using folder = tempFolder()
    const settings = testSettings(folder.path)
    await using running = await startProgram('run-agent', folder.join('agent.json'), settings)
    const joining = joinAt(center, settings.dataFolder)
    await joining
    await systemClock.sleep(delayMs)
    await running.kill()

    await using agent = await start(settings)
    expect(await sendInstances(agent.port, [inventedInstance(1000)])).toMatchObject([{ status: 0 }])
    await until(
      () => agent.service.status().deliveries,
      ({ confirmed }) => confirmed === 1,
    )
  }
}, 240_000)

test('an agent that is killed before it has joined starts again with the same fingerprint', async () => {
  using folder = tempFolder()
  const settings = testSettings(folder.path)
  const running = await startProgram('run-agent', folder.join('agent.json'), settings)
  await running.kill()
  const prints: string[] = []
  for (let i = 0; i < 2; i++) {
    await using agent = await start(settings)
    prints.push(agent.service.status().fingerprint)
  }
  expect(prints[0]).toBe(prints[1])
})
