import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { tempFolder } from '../../../support/temp-folder.ts'

const PROGRAM = resolve('test/support/programs/run-sqlite.ts')
const DRIVERS = ['better-sqlite3', 'node:sqlite'] as const

type Folder = ReturnType<typeof tempFolder>

function withSchema(folder: Folder): Folder {
  mkdirSync(folder.join('schema'))
  writeFileSync(
    folder.join('schema/01-rows.sql'),
    'CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT) STRICT;',
  )
  return folder
}

const environment = (driver: string): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  FERRY_SQLITE: driver,
})

function runs(
  driver: string,
  args: string[],
  wrapper: string[] = [],
): { stdout: string; stderr: string; status: number | null } {
  const [command = '', ...rest] = [...wrapper, process.execPath, ...args]
  return spawnSync(command, rest, { env: environment(driver), encoding: 'utf8' })
}

const TRACED = 'trace=openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink'

/** The writes and syncs of the workload in their order, as `pwrite64 rows.sqlite-wal`; repeated ones once. */
function traced(driver: string, flags: string[] = []): string[] {
  using folder = withSchema(tempFolder())
  const out = folder.join('trace')
  const strace = ['strace', '-f', '--seccomp-bpf', '-y', '-o', out, '-e', TRACED]
  const { stderr, status } = runs(driver, [...flags, PROGRAM, 'work', folder.path], strace)
  expect([status, stderr]).toEqual([0, ''])
  const calls = readFileSync(out, 'utf8')
    .split('\n')
    .map((line) => /^\d+ +(\w+)\((?:\d+<|")([^">]*)[>"]/.exec(line))
    .filter((found) => found?.[2]?.startsWith(folder.path) === true)
    .map((found) => `${found?.[1]} ${basename(found?.[2] ?? '').replace(basename(folder.path), '.')}`)
  return calls.filter((call, i) => call !== calls[i - 1])
}

/** The control: commits that are not synced. */
const WITHOUT_FULL = ['--import', resolve('test/faults/support/kill-no-commit-sync.mjs')]

const hasStrace = spawnSync('strace', ['--version']).status === 0

;(hasStrace ? describe : describe.skip)(hasStrace ? 'syncs' : 'syncs (needs strace)', () => {
  test('both drivers write and sync the same files in the same order', () => {
    const [better, node] = DRIVERS.map((driver) => traced(driver))
    const syncs = better?.filter((call) => /^f(data)?sync rows\.sqlite-wal$/.test(call))
    expect(syncs?.length).toBeGreaterThan(3)
    expect(node).toEqual(better)
    expect(traced('node:sqlite', WITHOUT_FULL)).not.toEqual(better)
  })
})

test.each(DRIVERS)(
  'a process killed in a transaction leaves its commits alone, for each driver (%s)',
  async (driver) => {
    using folder = withSchema(tempFolder())
    const child = spawn(process.execPath, [PROGRAM, 'wait-in-transaction', folder.path], {
      env: environment(driver),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const log = readFileSync(folder.join('rows.sqlite-wal'))
    // The control: uncommitted rows are in the log.
    expect(log.length).toBeGreaterThan(8 * 1024 * 1024)
    child.kill('SIGKILL')
    await once(child, 'exit')
    for (const after of DRIVERS) {
      using copy = tempFolder()
      cpSync(folder.path, copy.path, { recursive: true })
      const { stdout, stderr } = runs(after, [PROGRAM, 'count', copy.path])
      expect([stdout, stderr]).toEqual(['{"n":10}\n', ''])
    }
  },
)

/** A tree with the drivers and its own copy of the addon, whose needs a test can change. */
function ownAddon(folder: Folder, change: (addon: Buffer) => Buffer): string {
  for (const part of ['src/platform', 'test/support/programs/run-sqlite.ts'])
    cpSync(part, folder.join(part), { recursive: true })
  writeFileSync(folder.join('package.json'), '{ "type": "module" }')
  const addonFolder = folder.join('node_modules/better-sqlite3')
  for (const part of ['lib', 'package.json', 'prebuilds'])
    cpSync(join('node_modules/better-sqlite3', part), join(addonFolder, part), { recursive: true })
  const addon = join(addonFolder, `prebuilds/${process.platform}-${process.arch}.node`)
  writeFileSync(addon, change(readFileSync(addon)))
  return folder.join('test/support/programs/run-sqlite.ts')
}

/** Asks for a C library that is newer than any. */
function forNewerLibrary(addon: Buffer): Buffer {
  const at = addon.indexOf('GLIBC_2.34\0')
  expect(at).toBeGreaterThan(0)
  const changed = Buffer.from(addon)
  changed.write('GLIBC_9', at)
  return changed
}

const isGlibc =
  process.platform === 'linux' && JSON.stringify(process.report.getReport()).includes('glibcVersionRuntime')

;(isGlibc ? describe : describe.skip)(isGlibc ? 'an addon' : 'an addon (needs glibc)', () => {
  test('that needs a newer C library is replaced by SQLite of Node, without a word on the terminal', () => {
    using folder = tempFolder()
    const { stdout, stderr } = runs('', [ownAddon(folder, forNewerLibrary), 'name'])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      name: 'node:sqlite',
      addonFault: expect.stringMatching(/version `GLIBC_9.34' not found/),
    })
  })

  test('that can be loaded is used', () => {
    using folder = tempFolder()
    const { stdout, stderr } = runs('', [ownAddon(folder, (addon) => addon), 'name'])
    expect([JSON.parse(stdout), stderr]).toEqual([{ name: 'better-sqlite3' }, ''])
  })

  test('that cannot be loaded is an error if it was asked for', () => {
    using folder = tempFolder()
    withSchema(folder)
    const { stderr, status } = runs('better-sqlite3', [
      ownAddon(folder, forNewerLibrary),
      'work',
      folder.path,
    ])
    expect(status).not.toBe(0)
    expect(stderr).toContain('GLIBC_9.34')
  })
})

test('a driver that does not exist is refused by name', () => {
  const { stderr, status } = runs('sqlite4', [PROGRAM, 'name'])
  expect(status).not.toBe(0)
  expect(stderr).toContain('FERRY_SQLITE is sqlite4, and better-sqlite3 or node:sqlite is expected')
})
