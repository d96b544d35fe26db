import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { ACTORS, attack } from './support/hostile-actors.ts'
import { openDescriptors, peakMemory } from './support/hostile-process.ts'

const MIB = 1024 * 1024
const SOCKETS = 100
const INSTANCES = 20
const ATTACK_MS = 5000
/** The agent's own attempts to reach its center, which is away, come and go; each kind of attack comes far more often. */
const OWN_DESCRIPTORS = 5

const group = process.platform === 'linux' ? describe : describe.skip

group('a hundred hostile sockets', () => {
  test('storescu passes among a hundred hostile sockets; memory grows by less than 200 MB, and no descriptor stays open', async () => {
    const limits = { associations: 64, associationsPerPeer: 32 }
    await using clinic = await openClinic()
    await clinic.stopAgent()
    await clinic.stopCenter()
    const settings = { ...clinic.settings, limits: { ...clinic.settings.limits, ...limits } }
    await using agent = await startProgram('run-agent', join(clinic.folder, 'agent.json'), settings)
    const pid = agent.child.pid ?? 0
    await sendInstances(
      agent.port,
      Array.from({ length: INSTANCES }, () => inventedInstance(500_000)),
    )
    const before = { memory: peakMemory(pid), descriptors: openDescriptors(pid).length }
    const files = inventedFiles(clinic.folder)

    const over = new AbortController()
    const attacking = attack(agent.port, '127.0.0.66', SOCKETS, over.signal)
    await until(
      () => openDescriptors(pid),
      ({ length }) => length > before.descriptors + SOCKETS / 2,
    )
    const started = performance.now()
    let rounds = 0
    for (; rounds === 0 || performance.now() - started < ATTACK_MS; rounds++)
      await storescu(agent.port, files)
    const elapsedMs = performance.now() - started
    over.abort()
    const visits = await attacking

    const grownMib = (peakMemory(pid) - before.memory) / MIB
    process.stdout.write(
      `hostile sockets: ${JSON.stringify({ grownMib, rounds, elapsedMs, visits: Object.fromEntries(visits) })}\n`,
    )
    expect(visits.size).toBe(Object.keys(ACTORS).length)
    expect(grownMib).toBeLessThan(200)
    await until(
      () => openDescriptors(pid),
      ({ length }) => length <= before.descriptors + OWN_DESCRIPTORS,
    )
    await storescu(agent.port, files)
  }, 120_000)
})

function inventedFiles(folder: string): string[] {
  return Array.from({ length: INSTANCES }, (_, index) => {
    const instance = inventedInstance(500_000)
    const path = join(folder, `${index}.dcm`)
    writeFileSync(path, Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    return path
  })
}

/** DCMTK's storescu stops at the first instance that is not taken, and says so by its exit code. */
async function storescu(port: number, files: readonly string[]): Promise<void> {
  const options = { env: { ...process.env, TCP_NODELAY: '1' }, timeout: 60_000 }
  await promisify(execFile)('storescu', ['-aec', 'FERRY', '127.0.0.1', `${port}`, ...files], options)
}
