import { randomBytes } from 'node:crypto'
import { readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { asImage } from '../support/instances/as-image.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MIB = 1024 * 1024
const INSTANCE_BYTES = 2048 * MIB

/** Highest resident memory of a process so far, in bytes. */
function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

/** The data set of an invented instance with this size of pixel data. */
async function* twoGigabytes(dataSet: Buffer): AsyncGenerator<Buffer> {
  const header = dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57]))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(INSTANCE_BYTES)
  yield Buffer.concat([dataSet.subarray(0, header + 8), length])
  const noise = randomBytes(MIB)
  for (let sent = 0; sent < INSTANCE_BYTES; sent += MIB) yield noise
}

function routed(folder: string, routes: AgentSettings['routes']): Partial<AgentSettings> {
  if (routes.length === 0) return {}
  const projectKeyFile = join(folder, 'project.key')
  writeFileSync(projectKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  const looked = [{ when: {}, regions: [] }]
  const profile = { name: 'teaching', options: new Set<never>(), rules: [], safePrivate: [], pixels: looked }
  const profiles = [{ ...profile, capAges: false, passDocuments: false }]
  return { deidentification: { projectKeyFile, profiles }, routes }
}

const { bavail, bsize } = statfsSync(tmpdir())
const isPossible = process.platform === 'linux' && bavail * bsize > 4 * INSTANCE_BYTES
const group = isPossible ? describe : describe.skip

group(
  isPossible ? 'a large instance' : 'a large instance, for which there is no room or no /proc here',
  () => {
    test.each([
      ['as it came', []],
      ['without identity', [{ name: 'teaching', profile: 'teaching' }]],
    ])(
      'an instance of 2 GB passes %s with less than 64 MB of memory',
      async (_, routes) => {
        using keys = tempFolder()
        await using clinic = await openClinic({ settings: routed(keys.path, routes) })
        await clinic.stopAgent()
        await clinic.stopCenter()
        await using agent = await startProgram(
          'run-agent',
          join(clinic.folder, 'agent.json'),
          clinic.settings,
        )
        const pid = agent.child.pid ?? 0
        const small = Array.from({ length: 50 }, () => asImage(inventedInstance(490_000), { side: 700 }))
        const warm = await sendInstances(agent.port, small)
        // Otherwise the first use of the way would count as growth.
        expect(warm.filter(({ status }) => status !== 0)).toEqual([])
        const before = peakMemory(pid)
        const large = asImage(inventedInstance(100), { side: 1024, frames: 2048 })
        const association = await openAssociation({
          host: '127.0.0.1',
          port: agent.port,
          callingAeTitle: 'CT1',
          calledAeTitle: 'FERRY',
          contexts: [{ abstractSyntaxUid: large.sopClassUid, transferSyntaxUids: [large.transferSyntaxUid] }],
          clock: systemClock,
        })
        const answer = await association.store({ ...large, dataSet: twoGigabytes(large.dataSet) })
        await association.release()
        expect(answer.status).toBe(0)
        expect((peakMemory(pid) - before) / MIB).toBeLessThan(64)
      },
      300_000,
    )
  },
)
