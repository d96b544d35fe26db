import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Opener } from '../../src/age/opener.ts'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { openQueue } from '../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { recordInstance, spoolInstance, testIdentity } from '../support/instances/sealed-instance.ts'
import { spooledIn, wipe } from '../support/instances/spooled.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DATA_SETS = [Buffer.alloc(1000, 1), Buffer.alloc(200_000, 2), Buffer.alloc(3000, 3)]

/** A spool with two instances in a segment and one in a file of its own; the first of the segment is damaged if asked. */
async function makeSpool(folder: string, isDamaged = false): Promise<string[]> {
  const [first, second, alone] = DATA_SETS
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  {
    using queue = await openQueue(join(folder, 'data'), systemClock, ['center'])
    await recordInstance(queue, { dataSet: first as Buffer })
    await recordInstance(queue, { dataSet: second as Buffer })
    await queue.acceptance.accept(await spoolInstance(queue.spool, { dataSet: alone as Buffer }))
  }
  const spooled = spooledIn(join(folder, 'data/spool'))
  const ulids = spooled.map(({ envelope }) => envelope.ulid)
  const [damaged] = spooled
  if (isDamaged && damaged !== undefined) wipe(damaged)
  return ulids
}

const opened = (path: string, headerBytes: number): Buffer => {
  const opener = new Opener([parseIdentity(testIdentity.identity)])
  return Buffer.concat([...opener.update(readFileSync(path)), ...opener.final()]).subarray(headerBytes)
}

test('every image of a spool is listed with its place, and a place that does not read as one too', async () => {
  using folder = tempFolder()
  const ulids = await makeSpool(folder.path, true)
  const args = ['spool', 'list', '--spool', 'data/spool']
  const shown = await runCommand(folder.path, args)
  expect([shown.exitCode, shown.err]).toEqual([
    0,
    expect.stringMatching(/^2 images, .*; 1 places that do not read/),
  ])
  for (const ulid of ulids.slice(1)) expect(shown.out).toContain(ulid)
  const lines = (await runCommand(folder.path, [...args, '--json'])).out.trim().split('\n')
  const listed = lines.map((line) => JSON.parse(line) as { ulid?: string; path: string; offset: number })
  expect(listed.flatMap(({ ulid }) => ulid ?? []).toSorted()).toEqual(ulids.slice(1).toSorted())
  expect(listed.find(({ ulid }) => ulid === ulids[1])).toMatchObject({
    path: expect.stringMatching(/\.seg$/),
  })
})

test('images are taken out of a spool as age files that the recovery key opens to what was sealed', async () => {
  using folder = tempFolder()
  const ulids = await makeSpool(folder.path)
  const args = ['spool', 'extract', '--spool', 'data/spool', '--to', 'out']
  expect((await runCommand(folder.path, [...args, '--all'])).exitCode).toBe(0)
  for (const [i, ulid] of ulids.entries()) {
    const about = JSON.parse(readFileSync(folder.join(`out/${ulid}.json`), 'utf8')) as {
      envelope: { part10HeaderBytes: number }
    }
    const dataSet = opened(folder.join(`out/${ulid}.age`), about.envelope.part10HeaderBytes)
    expect(DATA_SETS.some((one) => one.equals(dataSet)) ? i : ulid).toBe(i)
  }
  const again = await runCommand(folder.path, [...args, '--all'])
  expect([again.exitCode, again.err]).toEqual([1, expect.stringContaining('out')])
})

test('an image that the spool does not have is named, and those beside it are taken out', async () => {
  using folder = tempFolder()
  const [ulid = ''] = await makeSpool(folder.path)
  const unknown = '01KDYAK3SE00000000000000V1'
  const run = await runCommand(folder.path, [
    'spool',
    'extract',
    ulid,
    unknown,
    '--spool',
    'data/spool',
    '--to',
    'out',
  ])
  expect([run.exitCode, run.err]).toEqual([1, expect.stringContaining(`no image ${unknown}`)])
  expect(
    readFileSync(folder.join(`out/${ulid}.age`))
      .subarray(0, 21)
      .toString(),
  ).toBe('age-encryption.org/v1')
  const both = await runCommand(folder.path, [
    'spool',
    'extract',
    ulid,
    '--all',
    '--spool',
    'data/spool',
    '--to',
    'out',
  ])
  expect(both.exitCode).toBe(2)
})
