import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { lockFolder } from '../../src/platform/folder-lock.ts'
import { checkPrivateFile, keepFolderPrivate, makeFilePrivate } from '../../src/platform/private-file.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { tempFolder } from '../support/temp-folder.ts'

const isRoot = process.getuid?.() === 0

test('a secret that any other user may read, change or run is refused, and says what to do', () => {
  using folder = tempFolder()
  const path = folder.join('secret')
  writeFileSync(path, 'x')
  for (const bit of [0o001, 0o002, 0o004, 0o010, 0o020, 0o040]) {
    chmodSync(path, 0o600 | bit)
    expect(() => checkPrivateFile(path, 'reading it')).toThrow(
      expect.objectContaining({
        code: 'KEY_FILE_INVALID',
        message: expect.stringContaining('chmod 600') as unknown,
      }),
    )
  }
  for (const mode of [0o600, 0o400, 0o700]) {
    chmodSync(path, mode)
    checkPrivateFile(path, 'reading it')
  }
  checkPrivateFile(folder.join('not-there'), 'reading it')
})

/** The code of the failure that user 12345 of group 12345 gets. */
function asOther(path: string, check: string): string {
  const module = JSON.stringify(resolve('src/platform/private-file.ts'))
  const script = `import(${module}).then((it) => it.${check}(${JSON.stringify(path)}, 'x')).then(() => 'taken', (e) => e.code).then(console.log)`
  const ids = { uid: 12345, gid: 12345, env: { NODE_OPTIONS: '', PATH: '' }, encoding: 'utf8' } as const
  return spawnSync(process.execPath, ['-e', script], ids).stdout.trim()
}

;(isRoot ? describe : describe.skip)(
  isRoot ? 'as another user' : 'as another user, for which root is needed',
  () => {
    test.each([
      [12345, 0o600, 'taken'],
      [12345, 0o640, 'KEY_FILE_INVALID'],
      [54321, 0o604, 'KEY_FILE_INVALID'],
      [54321, 0o600, 'KEY_FILE_INVALID'],
      [0, 0o640, 'taken'],
      [0, 0o644, 'KEY_FILE_INVALID'],
      [0, 0o660, 'KEY_FILE_INVALID'],
    ])('a secret that user %d owns with mode %o is %s', (owner, mode, expected) => {
      using folder = tempFolder()
      chmodSync(folder.path, 0o755)
      const path = folder.join('secret')
      writeFileSync(path, 'x')
      chownSync(path, owner, 12345)
      chmodSync(path, mode)
      expect(asOther(path, 'checkPrivateFile')).toBe(expected)
    })

    test('a data folder that belongs to another user is refused', () => {
      using folder = tempFolder()
      chmodSync(folder.path, 0o777)
      expect(asOther(folder.path, 'keepFolderPrivate')).toBe('FOLDER_NOT_PRIVATE')
      chownSync(folder.path, 12345, 12345)
      expect(asOther(folder.path, 'keepFolderPrivate')).toBe('taken')
      expect(statSync(folder.path).mode & 0o777).toBe(0o700)
    })
  },
)

test('a folder that everybody shares is left as it is', () => {
  using folder = tempFolder()
  chmodSync(folder.path, 0o1777)
  expect(() => keepFolderPrivate(folder.path)).toThrow(
    expect.objectContaining({ code: 'FOLDER_NOT_PRIVATE' }),
  )
  expect(statSync(folder.path).mode & 0o7777).toBe(0o1777)
})

test('a database and its log that were open to others are taken away from them', () => {
  using folder = tempFolder()
  const [path, schema] = [folder.join('some.sqlite'), resolve('src/agent/queue/schema')]
  const modes = () => ['', '-wal', '-shm'].map((end) => (statSync(path + end).mode & 0o777).toString(8))
  const first = Database.open(path, schema)
  expect(modes()).toEqual(['600', '600', '600'])
  for (const end of ['', '-wal', '-shm']) chmodSync(path + end, 0o666)
  const second = Database.open(path, schema)
  expect(modes()).toEqual(['600', '600', '600'])
  second.close()
  first.close()
})

test('making a lock file private does not let go of the lock', () => {
  using folder = tempFolder()
  using lock = lockFolder(folder.path, 'test')
  chmodSync(folder.join('lock'), 0o644)
  makeFilePrivate(folder.join('lock'))
  const module = JSON.stringify(resolve('src/platform/folder-lock.ts'))
  const script = `import(${module}).then((it) => it.lockFolder(${JSON.stringify(folder.path)}, 'x')).then(() => 'taken', (e) => e.code).then(console.log)`
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  expect(stdout.trim()).toBe('ALREADY_RUNNING')
  lock.release()
})
