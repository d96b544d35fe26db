import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { CenterProcess } from '../../../bench/ferry-pair.ts'
import { makeStudy } from '../../../bench/make-study.ts'
import { ControlClient } from '../../../src/console/session/control-client.ts'
import { CONTROL_PATHS, statusSchema } from '../../../src/protocol/control-api.ts'
import { storedAtCenter } from '../../support/centers/stored-at-center.ts'
import { until } from '../../support/clocks/until.ts'
import { answers } from '../../support/peers/answers.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { runStorescu } from '../../support/peers/storescu.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { keptPackages } from './made-packages.ts'
import { onDemand } from './on-demand.ts'
import { succeeds } from './run-tool.ts'
import { arm64Libraries } from './system-root.ts'

const QEMU = 'qemu-aarch64-static'
/** An emulated processor is some ten times slower. */
const SLOW_MS = 300_000

/** The unpacked agent for arm64 with its own runtime, on an emulated processor. */
function emulated(root: string, libraries: string, cwd: string) {
  const lib = join(root, 'usr/lib/ferry-agent')
  const start = (...args: string[]) => {
    const child = spawn(QEMU, ['-L', libraries, join(lib, 'node'), ...args], {
      cwd,
      env: { PATH: process.env['PATH'], FERRY_LANG: 'en' },
    })
    const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
      ([[exitCode], out, err]) => ({ exitCode: exitCode as number | null, out, err }),
    )
    return { child, ended, [Symbol.dispose]: () => void child.kill('SIGKILL') }
  }
  const program = ['--disable-warning=DEP0005', join(lib, 'app/dist/console/program/ferry.js')]
  return { node: start, ferry: (...args: string[]) => start(...program, ...args) }
}

onDemand('the agent for arm64', [QEMU, 'mmdebstrap', 'zstd', 'storescu'], () => {
  test(
    'joins a center on amd64, and one image of DCMTK’s storescu is confirmed there',
    async () => {
      const arm = ['--arch', 'arm64', '--program', 'agent', '--format', 'deb', '--compress', 'zstd']
      using unpacked = tempFolder()
      succeeds('dpkg-deb', ['-x', keptPackages(...arm).named('_arm64.deb'), unpacked.path])
      using libraries = arm64Libraries()
      using folder = tempFolder()
      const { node, ferry } = emulated(unpacked.path, libraries.path, folder.path)
      expect(await node('-p', 'process.arch').ended).toMatchObject({ exitCode: 0, out: 'arm64\n' })

      const [port, page] = [await freePort(), await freePort()]
      const config = folder.join('ferry.yaml')
      const init = ['init', '--config', config, '--port', `${port}`, '--device', 'CT room=CT1@127.0.0.1']
      const dataFolder = folder.join('data')
      expect(await ferry(...init, '--data-folder', dataFolder).ended).toMatchObject({ exitCode: 0 })
      writeFileSync(
        config,
        readFileSync(config, 'utf8')
          .replace('reserve: 2GiB', 'reserve: 64MiB')
          .replace('quiet: 60s', 'quiet: 1s')
          .replace('port: 11180', `port: ${page}`),
      )

      await using center = await CenterProcess.init(folder.join('center'), 'Center on amd64')
      await center.start()
      using joining = ferry('join', await center.invite('Clinic'), '--config', config)
      await center.approve(
        (await until(
          () => center.waiting(),
          (one) => one !== undefined,
          SLOW_MS,
        )) ?? '',
      )
      expect(await joining.ended).toMatchObject({ exitCode: 0 })

      using running = ferry('run', '--config', config)
      await until(
        () => answers(port),
        (isListening) => isListening === true,
        SLOW_MS,
      )
      const [image = ''] = await makeStudy('ct', 1, folder.join('ct'))
      const stored: string[] = []
      const args = ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', `${port}`, image]
      expect(await runStorescu(args, (path) => stored.push(path))).toBe(0)
      expect(stored).toEqual([image])
      const control = new ControlClient(dataFolder)
      await until(
        async () => (await control.call(statusSchema, 'GET', CONTROL_PATHS.status)).value.deliveries,
        ({ confirmed }) => confirmed === 1,
        SLOW_MS,
      )
      expect(storedAtCenter(folder.join('center/center-data'))).toHaveLength(1)
      running.child.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ exitCode: 0 })
    },
    2 * SLOW_MS,
  )
})
