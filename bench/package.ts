import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AGENT } from '../build/package/programs.ts'
import { answers } from '../test/support/peers/answers.ts'
import { Child } from './child.ts'
import { AgentProcess, CenterProcess } from './ferry-pair.ts'
import { anonymousBytes, residentBytes } from './measure.ts'
import type { Sheet } from './table.ts'
import { type BenchOptions, say, workFolder } from './workbench.ts'

const MOST_PACKAGE_BYTES = 45e6
const MOST_START_SECONDS = 2
const MOST_IDLE_BYTES = 120e6
const IDLE_SECONDS = 30
const MAKE_PACKAGES = ['--disable-warning=ExperimentalWarning', 'build/package/make-packages.ts']

/** The Debian package of the agent: its size, the time until it listens, and its memory when it has nothing to do. */
export async function benchPackage({ rounds }: BenchOptions): Promise<Sheet[]> {
  await using folder = await workFolder()
  say('making the package of the agent')
  const options = ['--to', folder.path, '--format', 'deb', '--arch', debArchitecture(), '--program', 'agent']
  execFileSync(process.execPath, [...MAKE_PACKAGES, ...options], { stdio: 'ignore' })
  const lib = join(folder.path, '.staged', `ferry-agent-${debArchitecture()}`, 'usr/lib/ferry-agent')
  const bytes = statSync(join(folder.path, globSync('*.deb', { cwd: folder.path })[0] ?? '')).size

  await using center = await CenterProcess.init(join(folder.path, 'center'), 'Center')
  await center.start()
  await using agent = await AgentProcess.init(join(folder.path, 'agent'), {
    quiet: '1s',
    unknownDevices: 'accept',
  })
  await agent.join(center, 'Clinic')
  const starts: Start[] = []
  for (let round = 1; round <= rounds; round++) {
    say(`start ${round} of ${rounds}, and ${IDLE_SECONDS} s of idleness`)
    starts.push(await startOnce(lib, agent))
  }
  return [sheetOf(bytes, starts)]
}

interface Start {
  readonly load: number
  readonly seconds: number
  readonly idleBytes: number
  /** The part of it that is not a page of the program's files. */
  readonly anonymousBytes: number
}

/** Starts the staged program as its command does, with no byte of it in memory before. */
async function startOnce(lib: string, { config, scp }: AgentProcess): Promise<Start> {
  const [load = 0] = loadavg()
  forgetFiles(lib)
  const program = ['--disable-warning=DEP0005', join(lib, 'app/dist/console/program/ferry.js')]
  const startedAt = performance.now()
  await using child = new Child(join(lib, 'node'), [...program, 'run', '--config', config], {
    env: AGENT.environment,
  })
  await child.until('it listened', () => answers(scp.port), { everyMs: 5 })
  const seconds = (performance.now() - startedAt) / 1000
  await delay(IDLE_SECONDS * 1000)
  const { pid } = child
  return { load, seconds, idleBytes: residentBytes(pid), anonymousBytes: anonymousBytes(pid) }
}

/** Drops files from the page cache, as after a boot of the machine (dd, nocache: POSIX_FADV_DONTNEED). */
function forgetFiles(folder: string): void {
  execFileSync('sync', ['--file-system', folder])
  for (const file of globSync('**/*', { cwd: folder }).map((name) => join(folder, name)))
    if (statSync(file).isFile()) execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
}

function sheetOf(packageBytes: number, starts: readonly Start[]): Sheet {
  const fastest = Math.min(...starts.map(({ seconds }) => seconds))
  const idle = Math.max(...starts.map(({ idleBytes }) => idleBytes))
  const limits: readonly [boolean, string][] = [
    [
      packageBytes <= MOST_PACKAGE_BYTES,
      `the package has ${megabytes(packageBytes)} MB, 45 MB are the limit`,
    ],
    [fastest <= MOST_START_SECONDS, `the fastest start took ${fastest.toFixed(2)} s, 2 s are the limit`],
    [idle <= MOST_IDLE_BYTES, `an idle agent held ${megabytes(idle)} MB, 120 MB are the limit`],
  ]
  return {
    title: `The Debian package of the agent: ${megabytes(packageBytes)} MB`,
    columns: [
      'start',
      'load of the machine',
      'seconds to listening',
      `MB after ${IDLE_SECONDS} s idle`,
      'without program files',
    ],
    lines: starts.map(({ load, seconds, idleBytes, anonymousBytes: own }, i) => [
      `${i + 1}`,
      load.toFixed(1),
      seconds.toFixed(2),
      megabytes(idleBytes),
      megabytes(own),
    ]),
    failures: limits.filter(([holds]) => !holds).map(([, text]) => text),
    remarks: [
      'Each start reads the program from the disk. The fastest start counts: other programs of the machine only slow it down.',
    ],
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

const debArchitecture = (): string => (process.arch === 'arm64' ? 'arm64' : 'amd64')
