import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const KEY = Buffer.alloc(32, 1)
const FILE = { folder: 'endo', pathKey: KEY, look: '10:1', bytes: 10 }
const TAKEN = { ...FILE, sha256: 'aa', instances: [] }

async function withQueue(work: (queue: Queue) => Promise<void> | void): Promise<void> {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  await work(queue)
}

test('a file keeps its ULID from waiting to taken, and another version of it is another file', () =>
  withQueue(({ folderLedger: ledger }) => {
    const ulid = ledger.keepBack(FILE, 'waiting', 'NO_ORDERS', 5)
    expect(ledger.keepBack(FILE, 'waiting', 'ACCESSION_UNKNOWN', 9)).toBe(ulid)
    expect(ledger.open('endo', 10)).toMatchObject([{ ulid, reason: 'ACCESSION_UNKNOWN', since: 5 }])
    expect(ledger.taken([TAKEN], 10)).toEqual([ulid])
    expect(ledger.counts('endo')).toEqual({ waiting: 0, held: 0, taken: 1 })
    const [again] = ledger.taken([{ ...TAKEN, look: '11:2', sha256: 'bb' }], 11)
    expect(again).not.toBe(ulid)
    expect(ledger.find(FILE)).toMatchObject({ ulid: again, look: '11:2', sha256: 'bb', state: 'taken' })
    expect(ledger.counts('endo')).toEqual({ waiting: 0, held: 0, taken: 1 })
  }))

test('a file is confirmed when every one of its instances is, and never without any', () =>
  withQueue(async (queue) => {
    const { folderLedger: ledger } = queue
    const one = await spoolInstance(queue.spool, { studyInstanceUid: '1.2' })
    await queue.acceptance.accept(one)
    const { ulid: instance, studyInstanceUid } = one.envelope
    const [none, some] = ledger.taken(
      [
        { ...TAKEN, pathKey: Buffer.alloc(32, 2) },
        { ...TAKEN, instances: [instance] },
      ],
      1,
    )
    const isConfirmed = (ulid: Ulid | undefined): boolean => ulid !== undefined && ledger.isConfirmed(ulid)
    expect([isConfirmed(none), isConfirmed(some)]).toEqual([false, false])
    const { pack } = queue.packs.formNext('center', { bytes: 1e9, members: 10 })?.header ?? {}
    queue.packs.settle('center', pack ?? '', [{ ulid: instance, outcome: 'delivered' }])
    const manifest = closeByHand(queue, studyInstanceUid)
    const receipt = { keptFrom: 1, at: 1, pacs: 'none', pacsDueAt: 0 } as const
    queue.studies.confirm('center', manifest, BELIEVED, [instance], receipt)
    expect([isConfirmed(none), isConfirmed(some)]).toEqual([false, true])
  }))

test('files that no sweep has seen for long are forgotten, those of others are not', () =>
  withQueue(({ folderLedger: ledger }) => {
    const [old, seen] = ledger.taken([TAKEN, { ...TAKEN, pathKey: Buffer.alloc(32, 2) }], 0)
    ledger.taken([{ ...TAKEN, folder: 'other' }], 0)
    ledger.seen(seen === undefined ? [] : [seen], 40)
    expect(ledger.forgetUnseen('endo', 'taken', 30)).toBe(false)
    expect(ledger.byUlid(old ?? '')).toBeUndefined()
    expect(ledger.byUlid(seen ?? '')).toMatchObject({ folder: 'endo' })
    expect([ledger.counts('endo').taken, ledger.counts('other').taken]).toEqual([1, 1])
  }))
