import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { initCenter } from '../../src/center/keys/center-keys.ts'
import { tempFolder } from '../support/temp-folder.ts'

const isRoot = process.getuid?.() === 0
const SERVICE = 12345
/** Keeps compiled code from one start to the next: half of the time of each of some hundred. */
const compiled = tempFolder()
chmodSync(compiled.path, 0o777)
afterAll(() => compiled[Symbol.dispose]())

/** Runs a program as the user of a service. */
function run(folder: string, program: string, ...args: string[]): { status: number | null; said: string } {
  const result = spawnSync(process.execPath, [resolve(`src/console/program/${program}.ts`), ...args], {
    cwd: folder,
    env: { FERRY_LANG: 'en', NODE_OPTIONS: '', NODE_COMPILE_CACHE: compiled.path },
    uid: SERVICE,
    gid: SERVICE,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  return { status: result.status, said: result.stdout + result.stderr }
}

function give(path: string, uid: number): void {
  chownSync(path, uid, uid)
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    chownSync(join(path, name), uid, uid)
}

/** An agent and a center whose folders belong to the service. */
async function prepare(folder: ReturnType<typeof tempFolder>): Promise<void> {
  chmodSync(folder.path, 0o755)
  await CenterAccount.openToJoin(folder.join('data'))
  await initCenter(folder.join('center-data'), 'https://localhost', 0)
  writeFileSync(folder.join('ferry.yaml'), 'listener: {port: 19877}\nstatusPage: {enabled: off}\n')
  writeFileSync(
    folder.join('center.yaml'),
    'name: Center\npublicUrl: https://localhost\nlisten: {host: 127.0.0.1, port: 19878}\n',
  )
  for (const data of ['data', 'center-data']) writeFileSync(folder.join(data, 'lock'), '', { mode: 0o600 })
  give(folder.path, SERVICE)
}

const AGENT = [['run'], ['status'], ['queue'], ['config', 'check']]
const CENTER = [['run'], ['status'], ['agents'], ['studies'], ['config', 'check']]

/** Changes of a path of the agent or the center. */
const DEEDS: readonly [string, (path: string) => void][] = [
  ['belongs to root', (path) => (chownSync(path, 0, 0), chmodSync(path, 0o600))],
  ['may not be used by its owner', (path) => chmodSync(path, 0)],
  ['is of the other kind', swap],
]

function swap(path: string): void {
  const isFile = readdirSync(join(path, '..'), { withFileTypes: true })
    .find((it) => path.endsWith(it.name))
    ?.isFile()
  rmSync(path, { recursive: true, force: true })
  if (isFile === true) mkdirSync(path)
  else writeFileSync(path, '')
}

const PATHS: readonly [program: string, path: string, commands: readonly string[][]][] = [
  ['ferry', 'ferry.yaml', AGENT],
  ['ferry', 'data', [['run']]],
  ['ferry', 'data/keys', [['run']]],
  ['ferry', 'data/keys/agent.json', [['run']]],
  ['ferry-center', 'center.yaml', CENTER],
  ['ferry-center', 'center-data', CENTER.slice(0, 4)],
  ['ferry-center', 'center-data/keys', CENTER.slice(0, 4)],
  ['ferry-center', 'center-data/keys/0001.json', CENTER.slice(0, 4)],
  ['ferry-center', 'center-data/register.sqlite', CENTER.slice(0, 4)],
  ['ferry-center', 'center-data/lock', [['run'], ['status']]],
  ['ferry', 'data/lock', [['run']]],
]

;(isRoot ? describe : describe.skip)(
  isRoot ? 'a path that the service may not use' : 'a path that the service may not use (needs root)',
  () => {
    test.each(PATHS)(
      '%s says of %s which path it is and what is wrong with it',
      async (program, path, commands) => {
        const bad: string[] = []
        for (const [deed, does] of DEEDS) {
          using folder = tempFolder()
          await prepare(folder)
          does(folder.join(path))
          for (const command of commands) {
            const { status, said } = run(folder.path, program, ...command)
            const isClear = /\((ACCESS_DENIED|PATH_UNUSABLE|FOLDER_NOT_PRIVATE|KEY_FILE_INVALID)[):]/.test(
              said,
            )
            if (status === 0 || !isClear || !said.includes(path) || /^ {4}at /m.test(said))
              bad.push(`${path} ${deed}, ${command.join(' ')}: ${status} ${said}`)
          }
        }
        expect(bad).toEqual([])
      },
      120_000,
    )

    test('the service gets as far as its own state if it has folders of its own', async () => {
      using folder = tempFolder()
      await prepare(folder)
      expect(run(folder.path, 'ferry', 'status').said).toContain('(NOT_RUNNING)')
      expect(run(folder.path, 'ferry-center', 'agents').status).toBe(0)
    }, 60_000)
  },
)
