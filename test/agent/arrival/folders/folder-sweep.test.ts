import { appendFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { FileTaker } from '../../../../src/agent/arrival/folders/file-taker.ts'
import { FolderSweep } from '../../../../src/agent/arrival/folders/folder-sweep.ts'
import { realPathOf } from '../../../../src/agent/arrival/folders/real-path.ts'
import { openQueue } from '../../../../src/agent/queue/open-queue.ts'
import type { FolderSettings } from '../../../../src/config/folder-settings.ts'
import { silentLog } from '../../../../src/platform/log.ts'
import { newUlid } from '../../../../src/protocol/ulid.ts'
import { ManualClock } from '../../../support/clocks/manual-clock.ts'
import { inventedInstance } from '../../../support/instances/invented-instance.ts'
import { part10File } from '../../../support/instances/part10-file.ts'
import { FOLDER_DEVICE, folderSettings } from '../../../support/programs/folder-settings.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const MINUTE_MS = 60_000

/** A folder, its ledger, and an intake that takes everything; time moves by hand. */
async function openFolder(more: Partial<FolderSettings> = {}) {
  await using stack = new AsyncDisposableStack()
  const [folder, data] = [stack.use(tempFolder()), stack.use(tempFolder())]
  const clock = new ManualClock()
  const queue = stack.use(await openQueue(data.path, clock, ['center']))
  const settings = folderSettings(folder.path, { stillMs: 1000, ...more })
  const uids: string[] = []
  const taker = new FileTaker({
    settings,
    device: () => FOLDER_DEVICE,
    calledAeTitle: 'FERRY',
    take: async ({ sopInstanceUid }, dataSet) => {
      for await (const _ of dataSet);
      uids.push(sopInstanceUid)
      return { status: 0, instances: [newUlid(clock.now())] }
    },
    orders: undefined,
    uidSecret: Buffer.alloc(32),
    agentId: 'agent',
    clock,
  })
  const ledger = queue.folderLedger
  const newSweep = () =>
    new FolderSweep({ settings, secret: Buffer.alloc(32), ledger, taker, clock, log: silentLog })
  const sweep = newSweep()
  const root = await realPathOf(folder.path)
  const { signal } = new AbortController()
  const running = stack.move()
  return {
    folder,
    uids,
    ledger,
    sweep,
    /** As after a start: it has not seen the folder yet. */
    sweepAgain: newSweep,
    /** A person says whose a file is. */
    assign: async (ulid: string, by = sweep) => {
      const row = ledger.byUlid(ulid)
      if (row === undefined) throw new Error('no such file')
      const facts = { patientId: '1', patientName: 'A' }
      await by.assign(root, row, { facts, withoutOrder: 'send' })
    },
    counts: () => ledger.counts('endo'),
    /** Looks twice, far enough apart. */
    look: async (afterMs = 1000) => {
      await sweep.run(root, signal)
      clock.advance(afterMs)
      return await sweep.run(root, signal)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

test('a file is taken once, a touched one is not taken again, and a grown one is another version', async () => {
  await using watched = await openFolder()
  const path = watched.folder.join('a.dcm')
  writeFileSync(path, part10File(inventedInstance(100)))
  await watched.look()
  await watched.look()
  expect(watched.uids).toHaveLength(1)
  utimesSync(path, new Date(0), new Date(0))
  await watched.look()
  await watched.look()
  expect(watched.uids).toHaveLength(1)
  // Data Set Trailing Padding: whole as well.
  appendFileSync(path, Buffer.from('fcfffcff4f420000020000000101', 'hex'))
  await watched.look()
  expect(watched.uids).toHaveLength(2)
  expect(watched.counts()).toEqual({ waiting: 0, held: 0, taken: 1 })
})

test('a file that is still and not whole is held after ten minutes, and taken when it is completed', async () => {
  await using watched = await openFolder()
  const file = part10File(inventedInstance(5000))
  writeFileSync(watched.folder.join('half.dcm'), file.subarray(0, 3000))
  writeFileSync(watched.folder.join('notes'), 'what is this?')
  await watched.look()
  await watched.look(5 * MINUTE_MS)
  expect(watched.counts()).toEqual({ waiting: 0, held: 0, taken: 0 })
  await watched.look(6 * MINUTE_MS)
  const reasons = new Set(watched.ledger.open('endo', 10).map(({ reason }) => reason))
  expect(reasons).toEqual(new Set(['FILE_INCOMPLETE', 'FILE_UNKNOWN']))
  appendFileSync(watched.folder.join('half.dcm'), file.subarray(3000))
  await watched.look()
  expect(watched.counts()).toEqual({ waiting: 0, held: 1, taken: 1 })
  rmSync(watched.folder.join('notes'))
  await watched.look()
  expect(watched.counts()).toEqual({ waiting: 0, held: 0, taken: 1 })
})

test('a file without a patient waits where it is, until a person tells, and is forgotten if it goes', async () => {
  await using watched = await openFolder()
  const pdf = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n'
  for (const name of ['a.pdf', 'b.pdf']) writeFileSync(watched.folder.join(name), `${pdf}% ${name}\n%%EOF\n`)
  await watched.look()
  await watched.look()
  expect(watched.counts()).toEqual({ waiting: 2, held: 0, taken: 0 })
  const [first] = watched.ledger.open('endo', 10)
  const path = watched.sweep.shownPath(first?.ulid ?? '')
  expect(path).toMatch(/^[ab]\.pdf$/)
  await watched.assign(first?.ulid ?? '')
  expect(watched.counts()).toEqual({ waiting: 1, held: 0, taken: 1 })
  renameSync(watched.folder.join(path === 'a.pdf' ? 'b.pdf' : 'a.pdf'), watched.folder.join('.away'))
  await watched.look()
  expect(watched.counts()).toEqual({ waiting: 0, held: 0, taken: 1 })
})

test('a file that a person assigns is found again by its digest, and told apart if it has changed or is gone', async () => {
  await using watched = await openFolder()
  const pdf = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n'
  for (const name of ['a', 'b', 'c'])
    writeFileSync(watched.folder.join(`${name}.pdf`), `${pdf}% ${name}\n%%EOF\n`)
  await watched.look()
  const byName = new Map(
    watched.ledger.open('endo', 10).map(({ ulid }) => [watched.sweep.shownPath(ulid), ulid]),
  )
  const again = watched.sweepAgain()
  appendFileSync(watched.folder.join('b.pdf'), '\n')
  rmSync(watched.folder.join('c.pdf'))
  await watched.assign(byName.get('a.pdf') ?? '', again)
  await expect(watched.assign(byName.get('b.pdf') ?? '', again)).rejects.toThrow(/it has changed/)
  await expect(watched.assign(byName.get('c.pdf') ?? '', again)).rejects.toThrow(/it is gone/)
  expect(watched.counts()).toEqual({ waiting: 2, held: 0, taken: 1 })
  expect(watched.uids).toHaveLength(1)
})

test('an assigned file that cannot be wrapped is refused with the reason, and held', async () => {
  await using watched = await openFolder()
  writeFileSync(watched.folder.join('a.pdf'), '%PDF-1.4\ntrailer<</Encrypt 1 0 R>>\nstartxref\n9\n%%EOF\n')
  await watched.look()
  const [first] = watched.ledger.open('endo', 10)
  await expect(watched.assign(first?.ulid ?? '')).rejects.toMatchObject({ code: 'DOCUMENT_ENCRYPTED' })
  expect(watched.ledger.open('endo', 10)).toMatchObject([{ state: 'held', reason: 'DOCUMENT_ENCRYPTED' }])
})

test('a source and its sidecar are deleted when the instance is safe', async () => {
  await using watched = await openFolder({
    sidecar: 'json',
    withoutOrder: 'send',
    afterwards: 'delete',
    when: 'safe',
  })
  writeFileSync(watched.folder.join('a.pdf'), '%PDF-1.4\ntrailer<<>>\nstartxref\n9\n%%EOF\n')
  writeFileSync(watched.folder.join('a.pdf.json'), '{"patientId": "1", "patientName": "A"}')
  await watched.look()
  expect(watched.uids).toHaveLength(1)
  expect(() => rmSync(watched.folder.join('a.pdf'))).toThrow(/ENOENT/)
  expect(() => rmSync(watched.folder.join('a.pdf.json'))).toThrow(/ENOENT/)
  expect(watched.counts()).toEqual({ waiting: 0, held: 0, taken: 0 })
})
