import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { FOLDERS_FILE } from '../../../src/platform/system-paths.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const SERVICE = 65_534

/** The programs of this clone, started by a runtime that has an installer's file beside it. */
function install(owner: number) {
  const folder = tempFolder()
  const hidden = folder.join('root')
  mkdirSync(hidden, { mode: 0o700 })
  const places = { program: folder.join('program'), config: folder.join('etc'), data: folder.join('data') }
  for (const place of Object.values(places)) mkdirSync(place)
  chmodSync(folder.path, 0o755)
  chmodSync(places.data, 0o700)
  for (const place of [places.config, places.data]) chownSync(place, owner, owner)
  const node = folder.join('program/node')
  try {
    linkSync(process.execPath, node)
  } catch {
    copyFileSync(process.execPath, node)
  }
  writeFileSync(folder.join('program', FOLDERS_FILE), `config=${places.config}\ndata=${places.data}\n`)
  const run = async (program: 'ferry' | 'ferry-center', ...args: string[]) => {
    const child = spawn(node, [resolve(`src/console/program/${program}.ts`), ...args], {
      cwd: hidden,
      env: { PATH: process.env['PATH'], FERRY_LANG: 'en' },
    })
    // A service that has started is stopped again.
    for (const output of [child.stdout, child.stderr])
      output.on('data', (piece: Buffer) => void (piece.includes('agent started') && child.kill()))
    const [[exitCode], out, err] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout),
      text(child.stderr),
    ])
    return { exitCode: exitCode as number, out, err }
  }
  const owners = () =>
    new Set(
      [places.config, places.data].flatMap((place) =>
        readdirSync(place, { recursive: true, encoding: 'utf8' }).map(
          (name) => lstatSync(resolve(place, name)).uid,
        ),
      ),
    )
  return { ...folder, [Symbol.dispose]: folder[Symbol.dispose], places, run, owners }
}

test('an installed program finds its configuration in the folder of the installer, and names all places', async () => {
  using installed = install(process.getuid?.() ?? 0)
  const { places, run } = installed
  const missing = await run('ferry', 'config', 'check')
  expect(missing.exitCode).toBe(78)
  expect(missing.err).toContain(`${places.config}/ferry.yaml`)
  expect(await run('ferry', 'init')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining(places.config),
  })
  expect(readFileSync(`${places.config}/ferry.yaml`, 'utf8')).toContain(`dataFolder: "${places.data}"`)
  const status = JSON.parse((await run('ferry', 'config', 'check', '--json')).out)
  expect(status.config).toBe(`${places.config}/ferry.yaml`)
}, 60_000)

test('an installed program does not take a configuration that lies in the current folder', async () => {
  using installed = install(process.getuid?.() ?? 0)
  const { places, run } = installed
  const planted = installed.join('root/ferry.yaml')
  writeFileSync(planted, `dataFolder: ${installed.join('planted')}\n`)
  expect((await run('ferry', 'config', 'check')).err).not.toContain(planted)
  expect(await run('ferry', 'init')).toMatchObject({ exitCode: 0 })
  const configOf = async (...args: string[]) =>
    JSON.parse((await run('ferry', 'config', 'check', '--json', ...args)).out).config
  expect(await configOf()).toBe(`${places.config}/ferry.yaml`)
  // The control: the planted file works if it is named.
  expect(await configOf('--config', 'ferry.yaml')).toBe(planted)
}, 60_000)

test('an installed service without a configuration writes the default one, and joins no center by itself', async () => {
  using installed = install(process.getuid?.() ?? 0)
  const { places, run } = installed
  // It starts, or finds its usual port taken by another program of this machine: the file is there before.
  const { out, err } = await run('ferry', 'run')
  expect(out + err).toMatch(/a default one was written/)
  expect(readFileSync(`${places.config}/ferry.yaml`, 'utf8')).toContain(`dataFolder: "${places.data}"`)
  expect(await run('ferry', 'config', 'check')).toMatchObject({ exitCode: 0 })
}, 60_000)

;(isRoot ? describe : describe.skip)(
  isRoot ? 'a command of root' : 'a command of root (needs root on Linux)',
  () => {
    test('acts as the owner of the data folder, and leaves no file of root behind', async () => {
      using installed = install(SERVICE)
      const { run, owners } = installed
      expect(await run('ferry', 'init', '--device', 'CT1')).toMatchObject({ exitCode: 0 })
      for (const args of [['status'], ['devices', 'approve', 'CT2'], ['queue'], ['run']])
        await run('ferry', ...args)
      expect(await run('ferry', 'config', 'check')).toMatchObject({ exitCode: 0 })
      expect([...owners()]).toEqual([SERVICE])
    }, 120_000)

    test('acts as the owner at the center too: its keys belong to the service', async () => {
      using installed = install(SERVICE)
      const { run, owners } = installed
      const init = ['init', '--name', 'C', '--public-url', 'https://c:1']
      const key = ['--recovery-key', installed.join('root/recovery-key.txt')]
      expect(await run('ferry-center', ...init, ...key)).toMatchObject({ exitCode: 0 })
      await run('ferry-center', 'status')
      await run('ferry-center', 'invite', 'Clinic')
      expect([...owners()]).toEqual([SERVICE])
    }, 120_000)

    test('does not act as root on a folder that the configuration of another user names', async () => {
      using installed = install(0)
      const { run, places } = installed
      const file = `${places.config}/ferry.yaml`
      writeFileSync(file, `dataFolder: ${places.data}\n`)
      chownSync(file, SERVICE, SERVICE)
      expect(await run('ferry', 'deid', 'key', `${places.data}/planted`)).toMatchObject({ exitCode: 1 })
      expect(readdirSync(places.data)).toEqual([])
      // The control: root's own configuration lets root write there.
      chownSync(file, 0, 0)
      expect(await run('ferry', 'deid', 'key', `${places.data}/planted`)).toMatchObject({ exitCode: 0 })
    }, 60_000)

    test('leaves the recovery key in a folder that only root may enter, as a file of root’s', async () => {
      using installed = install(SERVICE)
      const { run, owners, join: within } = installed
      const init = ['init', '--name', 'C', '--public-url', 'https://c:1']
      // The current folder is root's: a plain name is enough.
      expect(await run('ferry-center', ...init, '--recovery-key', 'first.txt')).toMatchObject({ exitCode: 0 })
      const second = ['keys', 'add-recovery', '--output', within('root/second.txt')]
      expect(await run('ferry-center', ...second)).toMatchObject({ exitCode: 0 })
      for (const name of ['root/first.txt', 'root/second.txt']) {
        const { uid, mode } = lstatSync(within(name))
        expect([name, uid, mode & 0o777]).toEqual([name, 0, 0o600])
        expect(readFileSync(within(name), 'utf8')).toMatch(/^AGE-SECRET-KEY-1\w+$/m)
      }
      expect([...owners()]).toEqual([SERVICE])
      // Other files stay out of the reach of the command, which says so without sending root back to root.
      const tls = await run('ferry-center', 'keys', 'tls-next', within('root/first.txt'))
      expect(tls).toMatchObject({ exitCode: 1, err: expect.stringContaining('use another path') })
      expect(tls.err).not.toMatch(/run (this|the command) as/)
    }, 120_000)

    test('stays root if the data folder is root’s, so the files above could have been', async () => {
      using installed = install(0)
      expect(await installed.run('ferry', 'init')).toMatchObject({ exitCode: 0 })
      expect([...installed.owners()]).toEqual([0])
    }, 60_000)
  },
)
