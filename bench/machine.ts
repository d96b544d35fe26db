import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem } from 'node:os'
import { DATA_FOLDER } from './make-study.ts'
import { isInstalled } from './workbench.ts'

/** Where figures were taken: without it they mean nothing. */
export interface Machine {
  readonly processor: string
  readonly memory: string
  readonly system: string
  readonly fileSystem: string
  readonly node: string
  readonly loadBefore: string
  readonly peers: readonly string[]
}

const PEERS = [
  ['storescp', ['--version']],
  ['Orthanc', ['--version']],
] as const

export function describeMachine(): Machine {
  const [processor] = cpus()
  return {
    processor: `${cpus().length} × ${processor?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`,
    system: `${process.platform} ${release()} ${arch()}`,
    fileSystem: fileSystem(),
    node: process.version,
    loadBefore: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    peers: PEERS.filter(([program]) => isInstalled(program)).map(
      ([program, args]) => execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0] ?? program,
    ),
  }
}

/** The kind of file system that the work folders lie on. */
function fileSystem(): string {
  mkdirSync(DATA_FOLDER, { recursive: true })
  const columns = ['--output=fstype,source', DATA_FOLDER]
  return execFileSync('df', columns, { encoding: 'utf8' }).trim().split('\n').at(-1)?.trim() ?? 'unknown'
}
