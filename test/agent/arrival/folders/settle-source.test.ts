import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { lookOf } from '../../../../src/agent/arrival/folders/file-look.ts'
import { realPathOf } from '../../../../src/agent/arrival/folders/real-path.ts'
import {
  asideUlid,
  deleteSource,
  endDeletion,
  moveSource,
  type Source,
} from '../../../../src/agent/arrival/folders/settle-source.ts'
import { newUlid } from '../../../../src/protocol/ulid.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

/** A file as the last sweep has found it. */
async function sourceOf(
  folder: ReturnType<typeof tempFolder>,
  name: string,
  content = 'taken',
): Promise<Source> {
  writeFileSync(folder.join(name), content)
  const file = { path: Buffer.from(name), stats: statSync(folder.join(name), { bigint: true }) }
  return { root: await realPathOf(folder.path), file, ulid: newUlid(Date.now()), isNetwork: false }
}

/** Another program puts another file in the place of the one that was found. */
function replace(folder: ReturnType<typeof tempFolder>, name: string): void {
  writeFileSync(folder.join('new'), 'another')
  renameSync(folder.join('new'), folder.join(name))
}

test('a file that was taken is deleted, and another one that has its name by now is not', async () => {
  using folder = tempFolder()
  expect(await deleteSource(await sourceOf(folder, 'a'))).toBe(true)
  expect(readdirSync(folder.path)).toEqual([])
  const source = await sourceOf(folder, 'a')
  replace(folder, 'a')
  expect(await deleteSource(source)).toBe(false)
  expect(readdirSync(folder.path)).toEqual(['a'])
  expect(readFileSync(folder.join('a'), 'utf8')).toBe('another')
})

test('a file is moved to the same place below the target, and never over another one', async () => {
  using folder = tempFolder()
  using target = tempFolder()
  mkdirSync(folder.join('sub'))
  expect(await moveSource(await sourceOf(folder, 'sub/a', 'one'), target.path)).toBe(true)
  const second = await sourceOf(folder, 'sub/a', 'two')
  expect(await moveSource(second, target.path)).toBe(true)
  expect(readFileSync(target.join('sub', 'a'), 'utf8')).toBe('one')
  expect(readFileSync(target.join('sub', `a.${second.ulid}`), 'utf8')).toBe('two')
  const third = await sourceOf(folder, 'sub/a', 'three')
  replace(folder, 'sub/a')
  expect(await moveSource(third, target.path)).toBe(false)
  expect(readFileSync(folder.join('sub', 'a'), 'utf8')).toBe('another')
})

test('a file that was put aside before a crash is deleted if it is what was taken, and else is found as a new one', async () => {
  using folder = tempFolder()
  for (const isSame of [true, false]) {
    const source = await sourceOf(folder, 'a')
    const look = lookOf(source.file, false)
    if (!isSame) replace(folder, 'a')
    renameSync(folder.join('a'), folder.join(`.ferry-${source.ulid}`))
    const path = Buffer.from(`.ferry-${source.ulid}`)
    expect(asideUlid(path)).toBe(source.ulid)
    const file = { path, stats: statSync(folder.join(path.toString()), { bigint: true }) }
    await endDeletion({ ...source, file }, look)
    expect(readdirSync(folder.path)).toEqual(isSame ? [] : [`recovered-${source.ulid}`])
  }
})
