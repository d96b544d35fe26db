import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { until } from '../../support/clocks/until.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const hasGcore = spawnSync('gcore', []).error === undefined
const SECRET = 'the patient in memory 5501'

/**
 * A process with a secret in its memory, whose parent has prepared itself. The parent is a Node, of which a dump takes a
 * gigabyte; its child inherits the filter, and a dump of that is small.
 */
async function holder(preparation: string) {
  const module = JSON.stringify(resolve('src/platform/process/core-dumps.ts'))
  const script = `import(${module}).then((it) => {
    ${preparation}
    const { spawn } = require('node:child_process')
    const child = spawn('/bin/cat', { env: { KEPT: process.env.KEPT }, stdio: ['pipe', 'ignore', 'ignore'] })
    console.log(child.pid)
  })`
  const parent = spawn(process.execPath, ['-e', script], {
    env: { PATH: '', KEPT: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(parent, 'exit')
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  return {
    pid: Number(pid.toString()),
    [Symbol.asyncDispose]: async () => {
      // Its child ends with its standard input.
      parent.kill('SIGKILL')
      await ended
    },
  }
}

function dumpHolds(pid: number): boolean {
  using folder = tempFolder()
  spawnSync('gcore', ['-o', folder.join('core'), String(pid)])
  const { status } = spawnSync('grep', [
    '--text',
    '--quiet',
    '--fixed-strings',
    SECRET,
    folder.join(`core.${pid}`),
  ])
  // 2: there is no dump.
  expect([0, 1]).toContain(status)
  return status === 0
}

;(hasGcore ? describe : describe.skip)(hasGcore ? 'gcore' : 'gcore, which is not here', () => {
  test('a core dump holds nothing of the memory of a process that keeps it out, nor of its children', async () => {
    await using process = await holder('it.leaveMemoryOutOfCoreDumps()')
    expect(dumpHolds(process.pid)).toBe(false)
    // Negative control: without it the same search finds the secret.
    await using other = await holder('')
    expect(dumpHolds(other.pid)).toBe(true)
  })
})

test('a running program keeps its memory out of core dumps', async () => {
  using folder = tempFolder()
  const port = String(await freePort())
  const start = (...args: string[]) =>
    spawn(process.execPath, [resolve('src/console/program/ferry-center.ts'), ...args], {
      cwd: folder.path,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  const url = `https://localhost:${port}`
  const init = ['--name', 'Center', '--public-url', url, '--port', port, '--recovery-key', 'key']
  await once(start('init', ...init), 'exit')
  const running = start('run')
  const ended = once(running, 'exit')
  try {
    const filter = await until(
      async () => readFileSync(`/proc/${running.pid}/coredump_filter`, 'utf8').trim(),
      (text) => text === '00000000',
    )
    expect(filter).toBe('00000000')
  } finally {
    running.kill('SIGKILL')
    await ended
  }
})
