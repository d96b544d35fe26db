import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeTemplate, type Pair, type Said } from '../../broken-things/pair.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const OTHER = 65_534
const AS_OTHER = ['setpriv', '--reuid', `${OTHER}`, '--regid', `${OTHER}`, '--clear-groups']

let template: Awaited<ReturnType<typeof makeTemplate>>
let folder: ReturnType<typeof tempFolder>
let pair: Pair

const asOther = (program: 'ferry' | 'ferry-center', ...args: string[]): Promise<Said> =>
  pair.run(program, args, { wrapper: AS_OTHER })

;(isRoot ? describe : describe.skip)(
  isRoot ? 'a command of another user' : 'a command of another user (needs root)',
  () => {
    beforeAll(async () => {
      template = await makeTemplate()
      folder = tempFolder()
      pair = template.pair.copyTo(folder.join('pair'))
      for (const path of [folder.path, pair.folder]) chmodSync(path, 0o755)
    }, 90_000)
    afterAll(async () => {
      await pair[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
      await template[Symbol.asyncDispose]()
    })

    const DENIED = expect.stringMatching(/\((ACCESS_DENIED|FOLDER_NOT_PRIVATE)\)[^]*chown/)

    test('is told whose the socket of the running agent is', async () => {
      await pair.startAgent()
      for (const open of [0o700, 0o755]) {
        chmodSync(pair.path('data'), open)
        for (const command of ['status', 'queue', 'devices', 'retry']) {
          const said = await asOther('ferry', command)
          expect([command, said.exitCode, said.text]).toEqual([command, 1, DENIED])
          expect(said.text).not.toContain('NOT_RUNNING')
        }
      }
      chmodSync(pair.path('data'), 0o700)
      // The control: the agent's own user is answered.
      expect((await pair.run('ferry', ['status'])).text).not.toContain('ACCESS_DENIED')
      await pair.stop()
    }, 120_000)

    test('is told whose the index of the queue is, and leaves it as it was', async () => {
      const names = readdirSync(pair.path('data'), { recursive: true, encoding: 'utf8' })
      for (const name of ['', ...names.filter((one) => !one.startsWith('queue.sqlite'))])
        chownSync(pair.path('data', name), OTHER, OTHER)
      const { uid, mode } = statSync(pair.path('data/queue.sqlite'))
      const said = await asOther('ferry', 'run')
      expect([said.exitCode, said.text]).toEqual([1, expect.stringMatching(/ACCESS_DENIED[^]*queue\.sqlite/)])
      expect(statSync(pair.path('data/queue.sqlite'))).toMatchObject({ uid, mode })
    }, 60_000)

    test('makes no configuration and joins nothing in a folder that is not its own', async () => {
      const joinCode = await pair.invite()
      chownSync(pair.path('data'), 0, 0)
      const join = await asOther('ferry', 'join', joinCode)
      expect([join.exitCode, join.text]).toEqual([1, DENIED])
      mkdirSync(pair.path('sub'), { mode: 0o755 })
      for (const program of ['ferry', 'ferry-center'] as const) {
        const options =
          program === 'ferry'
            ? []
            : ['--name', 'C', '--public-url', 'https://c:1', '--recovery-key', '/tmp/none/r']
        const init = await asOther(program, '--config', pair.path('sub/new.yaml'), 'init', ...options)
        expect([init.exitCode, init.text]).toEqual([1, expect.stringContaining('ACCESS_DENIED')])
        expect(existsSync(pair.path('sub/new.yaml'))).toBe(false)
      }
    }, 60_000)
  },
)
