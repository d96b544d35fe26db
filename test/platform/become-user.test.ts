import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { tempFolder } from '../support/temp-folder.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

/** The pool of threads exists before the change, as it may in a command. */
const SCRIPT = `
  import { writeFile } from 'node:fs/promises'
  import { becomeUser } from '${resolve('src/platform/process/become-user.ts')}'
  const [folder, change] = process.argv.slice(1)
  await writeFile(folder + '/before', '')
  if (change === 'yes') becomeUser({ uid: 65534, gid: 65534 })
  const after = await writeFile(folder + '/after', '').then(() => 'written', (error) => error.code)
  const back = (() => { try { process.setuid(0); return 'root' } catch (error) { return error.code } })()
  console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), after, back }))
`

function tryTo(change: 'yes' | 'no'): unknown {
  using folder = tempFolder()
  const args = ['--input-type=module', '-e', SCRIPT, folder.path, change]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} })
  return stdout === '' ? stderr : JSON.parse(stdout)
}

;(isRoot ? describe : describe.skip)(isRoot ? 'root' : 'root (needs root on Linux)', () => {
  test('that became another user has no right of root’s left, in any thread', () => {
    const left = { uid: 65_534, gid: 65_534, groups: [65_534], after: 'EACCES', back: 'EPERM' }
    expect(tryTo('yes')).toEqual(left)
    expect(tryTo('no')).toMatchObject({ uid: 0, after: 'written', back: 'root' })
  })
})
