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

/** The code of the failure that user 12345 of group 12345 gets for each of these paths, or `taken`. */
function asOther(paths: readonly string[], check: string): string[] {
  const module = JSON.stringify(resolve('src/platform/private-file.ts'))
  const script = `import(${module}).then((it) => console.log(JSON.stringify(${JSON.stringify(paths)}.map((path) => {
    try { it.${check}(path, 'x'); return 'taken' } catch (error) { return error.code }
  }))))`
  const ids = { uid: 12345, gid: 12345, env: { NODE_OPTIONS: '', PATH: '' }, encoding: 'utf8' } as const
  return JSON.parse(spawnSync(process.execPath, ['-e', script], ids).stdout) as string[]
}

const SECRETS = [
  { owner: 12345, mode: 0o600, result: 'taken' },
  { owner: 12345, mode: 0o640, result: 'KEY_FILE_INVALID' },
  { owner: 54321, mode: 0o604, result: 'KEY_FILE_INVALID' },
  { owner: 54321, mode: 0o600, result: 'KEY_FILE_INVALID' },
  { owner: 0, mode: 0o640, result: 'taken' },
  { owner: 0, mode: 0o644, result: 'KEY_FILE_INVALID' },
  { owner: 0, mode: 0o660, result: 'KEY_FILE_INVALID' },
]

;(isRoot ? describe : describe.skip)(
  isRoot ? 'as another user' : 'as another user, for which root is needed',
  () => {
    test('a secret is taken if root or the user owns it and no stranger can read or change it', () => {
      using folder = tempFolder()
      chmodSync(folder.path, 0o755)
      const paths = SECRETS.map(({ owner, mode }, i) => {
        const path = folder.join(`secret-${i}`)
        writeFileSync(path, 'x')
        chownSync(path, owner, 12345)
        chmodSync(path, mode)
        return path
      })
      const results = asOther(paths, 'checkPrivateFile')
      expect(SECRETS.map((secret, i) => ({ ...secret, result: results[i] }))).toEqual(SECRETS)
    })

    test('a data folder that belongs to another user is refused', () => {
      using folder = tempFolder()
      chmodSync(folder.path, 0o777)
      expect(asOther([folder.path], 'keepFolderPrivate')).toEqual(['FOLDER_NOT_PRIVATE'])
      chownSync(folder.path, 12345, 12345)
      expect(asOther([folder.path], 'keepFolderPrivate')).toEqual(['taken'])
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
