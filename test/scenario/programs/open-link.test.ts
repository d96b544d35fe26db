import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { unjoinedFerry } from '../../support/programs/unjoined-ferry.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
const group = canTrace ? describe : describe.skip

/** Runs a program; returns its output, and every program that was started, with its arguments and its environment. */
async function traced(folder: string, ...command: string[]): Promise<{ out: string; started: string }> {
  const trace = `${folder}/trace`
  // -v shows the environment, -s whole arguments.
  const flags = ['-f', '-v', '-s', '65536', '-e', 'trace=execve,execveat', '-o', trace]
  const env = { ...process.env, NODE_OPTIONS: '', FERRY_LANG: 'en', DISPLAY: ':0', BROWSER: 'true' }
  const child = spawn('strace', [...flags, ...command], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { out, started: readFileSync(trace, 'utf8') }
}

group(`the link of ferry open${canTrace ? '' : ' (strace is not here, or may not trace)'}`, () => {
  test('is printed, and is in the arguments and environment of no program, which other users can list', async () => {
    using folder = tempFolder()
    await using _ = await unjoinedFerry(folder.path)
    const { out, started } = await traced(folder.path, process.execPath, resolve('bin/ferry.js'), 'open')
    const link = /\?link=([\w-]{16,})/.exec(out)?.[1] ?? out
    expect(started).not.toContain(link)
    expect(started).toMatch(/execve\(.*ferry\.js", "open"/)

    // The control: an argument of a program that the traced one starts is seen.
    const shown = await traced(folder.path, 'sh', '-c', `true; /bin/true '${link}'`)
    expect(shown.started).toContain(link)
  })
})
