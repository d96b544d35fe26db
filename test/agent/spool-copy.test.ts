import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { parseRecipient } from '../../src/age/x25519-keys.ts'
import { PreparedSealers } from '../../src/agent/envelope/prepared-sealers.ts'
import { OriginalDigest } from '../../src/agent/intake/original-digest.ts'
import { SpoolCopy, type SpoolCopyOptions } from '../../src/agent/intake/spool-copy.ts'
import type { CopyDigests, Treatment } from '../../src/agent/intake/treatment.ts'
import { openQueue } from '../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { testIdentity } from '../support/instances/sealed-instance.ts'
import { tempFolder } from '../support/temp-folder.ts'

const BASE = {
  arrivedAt: '2026-01-01T00:00:00Z',
  listener: 'main',
  callingAeTitle: 'CT1',
  calledAeTitle: 'FERRY',
  sopClassUid: '1.2',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
}

/** An engine's complaint about a pattern repeats the pattern, and that may be made of a patient's name. */
function complain(): never {
  throw new SyntaxError('Invalid regular expression: /okafor/')
}

test.each(['push', 'finish'] as const)(
  'an unforeseen error while an instance is changed is told by its place, never by its words (%s)',
  async (when) => {
    const treatment: Treatment = {
      policy: 'deidentified:research',
      names: { sopInstanceUid: '1.2.3', studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1' },
      change: {
        push: () => (when === 'push' ? complain() : []),
        finish: () => complain(),
        transferSyntaxUid: BASE.transferSyntaxUid,
      },
    }
    // Nothing is sealed before it fails.
    const copy = new SpoolCopy(treatment, BASE, new OriginalDigest(), {} as SpoolCopyOptions)
    void copy.push(Buffer.from('a data set'))
    await expect(copy.prepare()).rejects.toMatchObject({ code: 'SEAL_FAILED' })
    expect(copy.failure?.message).toMatch(/^sealing an instance: SyntaxError at complain /)
    expect(JSON.stringify([copy.failure?.message, copy.failure?.cause])).not.toContain('okafor')
  },
)

test('nothing is whole in the spool before all is on the disk that must be there with it', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const recipients = [parseRecipient(testIdentity.recipient)]
  const options = {
    queue,
    clock: systemClock,
    recipients: () => recipients,
    sealers: new PreparedSealers(),
  }
  const asked = Promise.withResolvers<void>()
  const prepared = Promise.withResolvers<void>()
  const treatment: Treatment = {
    policy: 'deidentified:research',
    names: { sopInstanceUid: '1.2.3', studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1' },
    change: undefined,
    prepared: () => {
      asked.resolve()
      return prepared.promise
    },
  }
  const copy = new SpoolCopy(treatment, BASE, new OriginalDigest(), options)
  // The last chunk of the seal is nearly full, so that what is gathered at the end would be written at once.
  await copy.push(Buffer.alloc(5_000_500))
  const ready = copy.prepare()
  await asked.promise
  const finished = async (): Promise<boolean[]> => {
    const names: boolean[] = []
    for await (const ulid of queue.spool.list()) names.push(queue.spool.wasFinished(ulid))
    return names
  }
  expect(await finished()).toEqual([false])
  prepared.resolve()
  await ready
  expect(await copy.commit()).toMatchObject({ acceptance: 'new' })
  expect(await finished()).toEqual([true])
})

test('a changed copy records the digest of what came, and an unchanged one carries the same digest', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const recipients = [parseRecipient(testIdentity.recipient)]
  const options = { queue, clock: systemClock, recipients: () => recipients, sealers: new PreparedSealers() }
  const digests: CopyDigests[] = []
  const treatment = (sopInstanceUid: string, change: Treatment['change']): Treatment => ({
    policy: 'identified',
    names: { sopInstanceUid, studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1' },
    change,
    taken: (_, both) => digests.push(both),
  })
  const change: Treatment['change'] = {
    push: (chunk) => [Buffer.alloc(chunk.length, 'changed')],
    finish: () => [],
    transferSyntaxUid: BASE.transferSyntaxUid,
  }
  const original = new OriginalDigest()
  const copies = [treatment('1.2.3', undefined), treatment('1.2.4', change)].map(
    (one) => new SpoolCopy(one, BASE, original, options),
  )
  const [first, second] = [Buffer.alloc(100_000, 'as it '), Buffer.alloc(70_001, 'came')]
  for (const chunk of [first, second]) {
    original.push(chunk)
    for (const copy of copies) await copy.push(chunk)
  }
  for (const copy of copies) await copy.prepare()
  const [unchanged, changed] = await Promise.all(copies.map((copy) => copy.commit()))
  const [place, next] = [unchanged, changed].map((copy) =>
    queue.segments.placeOf(copy?.envelope.ulid ?? newUlid(0)),
  )
  expect(place?.segment).toBe(next?.segment)
  const [came, goes] = [
    sha256(first, second),
    sha256(...[first, second].map(({ length }) => Buffer.alloc(length, 'changed'))),
  ]
  expect(unchanged?.trailer).toMatchObject({ dataSetSha256: came, dataSetBytes: 170_001 })
  expect(changed?.trailer).toMatchObject({ dataSetSha256: goes, dataSetBytes: 170_001 })
  expect(digests).toEqual(
    expect.arrayContaining([
      { before: came, after: came },
      { before: came, after: goes },
    ]),
  )
})

function sha256(...pieces: readonly Buffer[]): string {
  return createHash('sha256').update(Buffer.concat(pieces)).digest('hex')
}
