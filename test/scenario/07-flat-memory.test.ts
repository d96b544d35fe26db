import { randomBytes } from 'node:crypto'
import { readFileSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openAssociation } from '../../src/dimse/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startProgram } from '../support/child-process.ts'
import { openClinic } from '../support/clinic.ts'
import { inventedInstance } from '../support/invented-instance.ts'
import { sendInstances } from '../support/send-instances.ts'

const MIB = 1024 * 1024
const INSTANCE_BYTES = 2048 * MIB

/** Highest resident memory of a process so far, in bytes. */
function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

async function* twoGigabytes(head: Buffer): AsyncGenerator<Buffer> {
  yield head
  const noise = randomBytes(MIB)
  for (let sent = head.length; sent < INSTANCE_BYTES; sent += MIB)
    yield noise.subarray(0, INSTANCE_BYTES - sent)
}

const { bavail, bsize } = statfsSync(tmpdir())
const isPossible = process.platform === 'linux' && bavail * bsize > 4 * INSTANCE_BYTES
const group = isPossible ? describe : describe.skip

group(
  isPossible ? 'a large instance' : 'a large instance, for which there is no room or no /proc here',
  () => {
    test('an instance of 2 GB passes with less than 64 MB of memory', async () => {
      await using clinic = await openClinic()
      await clinic.stopAgent()
      await clinic.stopCenter()
      await using agent = await startProgram('run-agent', join(clinic.folder, 'agent.json'), clinic.settings)
      const pid = agent.child.pid ?? 0
      const small = Array.from({ length: 50 }, () => inventedInstance(500_000))
      await sendInstances(agent.port, small)
      const before = peakMemory(pid)
      const large = inventedInstance(100_000)
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
    }, 300_000)
  },
)
