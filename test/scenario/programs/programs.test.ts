import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../../src/console/program/ferry-center-program.ts'
import { until } from '../../support/clocks/until.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { runCommand } from '../../support/programs/run-command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** A program in a process of its own, as a shell starts it. */
function start(folder: string, program: 'ferry' | 'ferry-center', ...args: string[]) {
  const child = spawn(process.execPath, [resolve(`src/console/program/${program}.ts`), ...args], {
    cwd: folder,
    env: { ...process.env, FERRY_LANG: 'en', NODE_OPTIONS: '' },
  })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode], out, err]): Ended => ({ exitCode: exitCode as number | null, out, err }),
  )
  return { child, ended, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

test('a center is made, invites, and stops on SIGTERM', async () => {
  using folder = tempFolder()
  const port = await freePort()
  const publicUrl = `https://localhost:${port}`
  const init = ['init', '--name', '锦屏中心', '--public-url', publicUrl, '--port', String(port)]
  const made = await start(folder.path, 'ferry-center', ...init, '--recovery-key', 'recovery-key.txt').ended
  expect([made.exitCode, made.out]).toEqual([0, ''])

  using running = start(folder.path, 'ferry-center', 'run')
  await until(
    () => fetchError(publicUrl),
    (error) => error !== 'ECONNREFUSED',
  )
  const center = (...args: string[]) => runCommand(folder.path, args, { program: ferryCenterProgram })
  const invitation = await center('invite', '北街卫生院')
  expect([invitation.exitCode, invitation.out]).toEqual([
    0,
    expect.stringMatching(/^localhost:\d+\/([0-9A-Z]{5}-){9}[0-9A-Z]{5}\n$/),
  ])
  expect(JSON.parse((await center('agents', '--json')).out)).toEqual({ schemaVersion: 1, agents: [] })
  expect(JSON.parse((await center('studies', '--json')).out)).toEqual({ schemaVersion: 1, studies: [] })
  expect(await center('status')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('Agents: 0 approved'),
  })
  expect(await center('retry')).toMatchObject({ exitCode: 0 })
  expect(await center('approve', '1a2b-3c4d-5e6f')).toMatchObject({ exitCode: 11 })
  expect(await center(...init)).toMatchObject({ exitCode: 1 })

  running.child.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ exitCode: 0, err: expect.stringContaining('Stopping') })
})

/** The system's code if there is no connection; a TLS failure shows that a program answers. */
async function fetchError(url: string): Promise<unknown> {
  try {
    return (await fetch(url)).status
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException).code
  }
}
