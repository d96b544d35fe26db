import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { auditFiles, auditFolder } from '../../src/audit/audit-files.ts'
import { makeLine, NOTHING_BEFORE } from '../../src/audit/audit-line.ts'
import { AuditTrail } from '../../src/audit/audit-trail.ts'
import { type AuditVerdict, verifyTrail } from '../../src/audit/verify-trail.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { Random } from '../support/random.ts'
import { tempFolder } from '../support/temp-folder.ts'

const KEY = newSigningKey()
const LINES = 14

function open(dataFolder: string, fileBytes = 3000): AuditTrail {
  return new AuditTrail({
    dataFolder,
    key: KEY,
    program: 'ferry',
    clock: systemClock,
    log: silentLog,
    fileBytes,
  })
}

function fill(trail: AuditTrail, lines = LINES): void {
  for (let i = 0; i < lines; i++)
    trail.record({ action: 'released', user: '王工', studies: [{ studyInstanceUid: `1.2.${i}` }] })
}

async function verdictOf(dataFolder: string): Promise<AuditVerdict> {
  using trail = open(dataFolder)
  return await verifyTrail(trail.folder, KEY, trail.state.head())
}

test('a trail that was written over several files and starts is whole', async () => {
  using folder = tempFolder()
  for (const lines of [LINES, 3, 1]) {
    using trail = open(folder.path)
    fill(trail, lines)
  }
  expect(auditFiles(auditFolder(folder.path)).length).toBeGreaterThan(3)
  expect(await verdictOf(folder.path)).toMatchObject({ lines: LINES + 4, broken: undefined, isTorn: false })
  for (const name of auditFiles(auditFolder(folder.path)))
    expect(statSync(join(auditFolder(folder.path), name)).mode & 0o777).toBe(0o600)
})

test('two writers of one folder make one chain', async () => {
  using folder = tempFolder()
  using one = open(folder.path)
  using other = open(folder.path)
  for (let i = 0; i < 5; i++) {
    fill(one, 1)
    fill(other, 2)
  }
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 15, broken: undefined })
})

test('events of the program itself are written within a second, in their order before the next action of a person', async () => {
  using folder = tempFolder()
  const clock = new ManualClock(Date.now())
  using trail = new AuditTrail({ dataFolder: folder.path, key: KEY, program: 'ferry', clock, log: silentLog })
  trail.note({ action: 'studyDelivered' })
  expect(trail.state.head()).toBeUndefined()
  clock.advance(1000)
  expect(trail.state.head()?.sequence).toBe(1)
  trail.note({ action: 'studyConfirmed' })
  trail.record({ action: 'released', user: 'a' })
  const [file = ''] = auditFiles(trail.folder)
  const actions = Array.from(
    readFileSync(join(trail.folder, file), 'utf8').matchAll(/csd-code=\\"([a-z][A-Za-z]+)\\"/g),
    ([, action]) => action,
  )
  expect(actions).toEqual(['studyDelivered', 'studyConfirmed', 'released'])
})

test('an action whose record cannot be written does not take place, and one that fails is recorded twice', async () => {
  using folder = tempFolder()
  using trail = open(folder.path)
  const fails = trail.recorded({ action: 'released', user: 'a' }, () => Promise.reject(new Error('no')))
  await expect(fails).rejects.toThrow('no')
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 1 })
  trail[Symbol.dispose]()
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 2, broken: undefined })
  const happened: string[] = []
  await expect(trail.recorded({ action: 'released', user: 'a' }, () => happened.push('x'))).rejects.toThrow(
    'database',
  )
  expect(happened).toEqual([])
})

test('a line that was synced before a crash and not kept is taken in, and a torn one goes', async () => {
  using folder = tempFolder()
  const path = join(auditFolder(folder.path), 'audit-000000000001.jsonl')
  {
    using trail = open(folder.path, 1e6)
    fill(trail, 2)
    const { sequence, digest } = trail.state.head() ?? { sequence: 0, digest: '' }
    const kept = makeLine({ sequence: sequence + 1, previous: digest, message: '<AuditMessage/>' }, KEY)
    appendFileSync(path, `${kept}\n${kept.slice(0, 50)}`)
  }
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 3, broken: undefined, isTorn: true })
  {
    using trail = open(folder.path, 1e6)
    fill(trail, 1)
  }
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 4, broken: undefined, isTorn: false })
})

test('lines of another key after the end stay and are named, and the trail goes on in a new file', async () => {
  using folder = tempFolder()
  const path = join(auditFolder(folder.path), 'audit-000000000001.jsonl')
  {
    using trail = open(folder.path, 1e6)
    fill(trail, 2)
    const { digest } = trail.state.head() ?? { digest: NOTHING_BEFORE }
    const forged = { sequence: 3, previous: digest, message: '<AuditMessage/>' }
    appendFileSync(path, `${makeLine(forged, newSigningKey())}\n`)
    fill(trail, 2)
  }
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4)
  expect(await verdictOf(folder.path)).toMatchObject({
    broken: { fault: 'changed', file: 'audit-000000000001.jsonl', line: 3, sequence: 3 },
  })
})

test('a database that was put back to an older copy loses no line', async () => {
  using folder = tempFolder()
  const [state, old] = [join(auditFolder(folder.path), 'state.sqlite'), folder.join('old.sqlite')]
  {
    using trail = open(folder.path)
    fill(trail, 3)
  }
  writeFileSync(old, readFileSync(state))
  {
    using trail = open(folder.path)
    fill(trail, LINES)
  }
  for (const end of ['', '-wal', '-shm']) rmSync(state + end, { force: true })
  renameSync(old, state)
  {
    using trail = open(folder.path)
    fill(trail, 1)
  }
  expect(await verdictOf(folder.path)).toMatchObject({ lines: LINES + 4, broken: undefined })
})

test('a trail whose database is gone goes on, and says until then that its end is not proved', async () => {
  using folder = tempFolder()
  {
    using trail = open(folder.path)
    fill(trail, 5)
  }
  for (const end of ['', '-wal', '-shm'])
    rmSync(join(auditFolder(folder.path), `state.sqlite${end}`), { force: true })
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 5, broken: { fault: 'unproved', sequence: 6 } })
  {
    using trail = open(folder.path)
    fill(trail, 1)
  }
  expect(await verdictOf(folder.path)).toMatchObject({ lines: 6, broken: undefined })
})

/** One way to tamper with the lines of a trail: changes them in place, and returns the first line that is then wrong, from 0. */
type Edit = (lines: string[], random: Random) => number

const below = (random: Random, limit: number): number => random.below(limit)

const EDITS: Readonly<Record<string, Edit>> = {
  'a byte changed': (lines, random) => {
    const at = below(random, lines.length)
    const bytes = Buffer.from(lines[at] ?? '', 'latin1')
    const place = below(random, bytes.length)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << below(random, 8))
    // A new line break would be another edit.
    if (bytes[place] === 0x0a) bytes[place] = 0x20
    lines[at] = bytes.toString('latin1')
    return at
  },
  'a line removed': (lines, random) => {
    const at = below(random, lines.length)
    lines.splice(at, 1)
    return at
  },
  'the end cut off': (lines, random) => {
    const at = below(random, lines.length)
    lines.splice(at)
    return at
  },
  'two lines swapped': (lines, random) => {
    const at = below(random, lines.length - 1)
    const other = at + 1 + below(random, lines.length - at - 1)
    const line = lines[at] ?? ''
    lines[at] = lines[other] ?? ''
    lines[other] = line
    return at
  },
  'a line repeated': (lines, random) => {
    const at = below(random, lines.length)
    lines.splice(at, 0, lines[at] ?? '')
    return at + 1
  },
  'a line put in by another key': (lines, random) => {
    const at = below(random, lines.length)
    const { sequence, previous } = JSON.parse(lines[at] ?? '{}') as { sequence: number; previous: string }
    lines[at] = makeLine({ sequence, previous, message: '<AuditMessage/>' }, newSigningKey())
    return at
  },
  'a line put in by the own key': (lines, random) => {
    const at = below(random, lines.length - 1)
    const { sequence, previous } = JSON.parse(lines[at] ?? '{}') as { sequence: number; previous: string }
    lines[at] = makeLine({ sequence, previous, message: '<AuditMessage/>' }, KEY)
    // The line itself holds; the one after it no longer follows.
    return at + 1
  },
}

test.each(Object.entries(EDITS))(
  'after any edit (%s), the check names the first line that is wrong',
  async (_, edit) => {
    const random = Random.fromEnvironment()
    using folder = tempFolder()
    {
      using trail = open(folder.path)
      fill(trail)
    }
    const place = auditFolder(folder.path)
    const files = auditFiles(place)
    const before = files.map((name) => readFileSync(join(place, name)))
    using trail = open(folder.path)
    const check = () => verifyTrail(place, KEY, trail.state.head())
    for (let i = 0; i < propertyRuns(60); i++) {
      const lines = before.flatMap((content) => content.toString('latin1').split('\n').slice(0, -1))
      const sizes = before.map((content) => content.toString('latin1').split('\n').length - 1)
      const first = edit(lines, random)
      const contents: Buffer[] = []
      for (const [at, size] of sizes.entries()) {
        // The last file has the lines that are too many or too few.
        const part = lines.splice(0, at === sizes.length - 1 ? lines.length : size)
        contents.push(Buffer.from(part.map((line) => `${line}\n`).join(''), 'latin1'))
      }
      for (const [at, name] of files.entries()) writeFileSync(join(place, name), contents[at] ?? '')
      const { broken } = await check()
      expect([random.seed, i, broken?.sequence]).toEqual([random.seed, i, first + 1])
      expect(broken?.fault).toBeDefined()
    }
    for (const [at, name] of files.entries()) writeFileSync(join(place, name), before[at] ?? '')
    expect((await check()).broken).toBeUndefined()
  },
)

test('a file that is gone, empty, cut in a line or renamed is named by its first line', async () => {
  using folder = tempFolder()
  {
    using trail = open(folder.path)
    fill(trail)
  }
  const place = auditFolder(folder.path)
  const files = auditFiles(place)
  const [, second = '', third = ''] = files
  const content = readFileSync(join(place, second))
  const sequence = Number(/\d+/.exec(second)?.[0])
  truncateSync(join(place, second), 0)
  expect((await verdictOf(folder.path)).broken).toMatchObject({ fault: 'missing', sequence })
  rmSync(join(place, second))
  expect((await verdictOf(folder.path)).broken).toMatchObject({ fault: 'missing', file: third, sequence })
  writeFileSync(join(place, second), content.subarray(0, content.length - 5))
  expect((await verdictOf(folder.path)).broken).toMatchObject({ fault: 'changed', file: second })
  writeFileSync(join(place, second), content)
  rmSync(join(place, files.at(-1) ?? ''))
  expect((await verdictOf(folder.path)).broken).toMatchObject({ fault: 'cut', file: null })
})
