import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { realPathOf } from '../../../../src/agent/arrival/folders/real-path.ts'
import { shownPath } from '../../../../src/agent/arrival/folders/shown-path.ts'
import { SourceChanged, SourceFile } from '../../../../src/agent/arrival/folders/source-file.ts'
import { type SweptFile, sweep } from '../../../../src/agent/arrival/folders/sweep.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

async function filesIn(root: string): Promise<SweptFile[]> {
  const { signal } = new AbortController()
  const found = await Array.fromAsync(sweep(await realPathOf(root), { skip: () => false, signal }))
  return found.filter((one) => 'stats' in one)
}

const pathsOf = (files: readonly SweptFile[]): string[] => files.map(({ path }) => shownPath(path)).toSorted()

/** 张三.jpg as a Chinese Windows writes it. */
const GBK_NAME = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd, 0x2e, 0x6a, 0x70, 0x67])

test('regular files are found at any depth, whatever the bytes of their names', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('a', '..b', 'c'), { recursive: true })
  writeFileSync(folder.join('one'), '')
  writeFileSync(folder.join('a', '..b', 'c', 'two'), '')
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), GBK_NAME]), '')
  writeFileSync(folder.join('line\nbreak; rm -rf $HOME'), '')
  expect(pathsOf(await filesIn(folder.path))).toEqual(
    ['a/..b/c/two', 'line\nbreak; rm -rf $HOME', 'one', '张三.jpg'].toSorted(),
  )
})

test('links, FIFOs and sockets are left out, and no link leads out of the folder', async () => {
  using folder = tempFolder()
  using outside = tempFolder()
  writeFileSync(outside.join('secret'), 'x')
  symlinkSync(outside.path, folder.join('way-out'))
  symlinkSync(outside.join('secret'), folder.join('link'))
  symlinkSync('..', folder.join('up'))
  symlinkSync('.', folder.join('loop'))
  execFileSync('mkfifo', [folder.join('fifo')])
  writeFileSync(folder.join('file'), '')
  expect(pathsOf(await filesIn(folder.path))).toEqual(['file'])
})

test('a file that a link, a FIFO or another file has replaced since the sweep is not opened', async () => {
  using folder = tempFolder()
  using outside = tempFolder()
  writeFileSync(outside.join('secret'), 'secret')
  const root = await realPathOf(folder.path)
  const tricks: Record<string, (path: string) => void> = {
    link: (path) => symlinkSync(outside.join('secret'), path),
    fifo: (path) => void execFileSync('mkfifo', [path]),
    other: (path) => writeFileSync(path, 'secret'),
  }
  for (const [name, replace] of Object.entries(tricks)) {
    writeFileSync(folder.join(name), 'secret')
    const [file] = (await filesIn(folder.path)).filter(({ path }) => path.toString() === name)
    if (file === undefined) throw new Error('not found')
    renameSync(folder.join(name), folder.join('.away'))
    replace(folder.join(name))
    await expect(SourceFile.open(root, file)).rejects.toThrow(/another file|ELOOP|ENXIO/)
    execFileSync('rm', ['-f', folder.join(name)])
    renameSync(folder.join('.away'), folder.join(name))
    await using source = await SourceFile.open(root, file)
    expect((await source.read(0, 6)).toString()).toBe('secret')
    execFileSync('rm', ['-f', folder.join(name)])
  }
})

test('a folder that was replaced by a link to the same files elsewhere is not entered', async () => {
  using folder = tempFolder()
  using outside = tempFolder()
  mkdirSync(folder.join('sub'))
  writeFileSync(folder.join('sub', 'file'), 'x')
  const [file] = await filesIn(folder.path)
  if (file === undefined) throw new Error('not found')
  renameSync(folder.join('sub'), outside.join('sub'))
  symlinkSync(outside.join('sub'), folder.join('sub'))
  await expect(SourceFile.open(await realPathOf(folder.path), file)).rejects.toThrow(SourceChanged)
  expect(await filesIn(folder.path)).toEqual([])
})

test('a file that is written or cut off while it is read is told from one that is not', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('file'), 'x'.repeat(1000))
  const [file] = await filesIn(folder.path)
  if (file === undefined) throw new Error('not found')
  await using source = await SourceFile.open(await realPathOf(folder.path), file)
  await source.checkUnchanged()
  writeFileSync(folder.join('file'), 'y')
  await expect(source.checkUnchanged()).rejects.toThrow(SourceChanged)
  await expect(source.digest()).rejects.toThrow(SourceChanged)
})
