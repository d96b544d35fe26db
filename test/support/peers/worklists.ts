import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe } from '@jest/globals'
import { encode } from 'iconv-lite'
import { until } from '../clocks/until.ts'
import { tempFolder } from '../temp-folder.ts'
import { freePort } from './free-port.ts'
import { Orthanc } from './orthanc.ts'

const ORTHANC_PLUGIN = '/usr/share/orthanc/plugins/libModalityWorklists.so'

/** One scheduled step of a worklist. */
export interface WorklistStep {
  readonly name: string
  readonly id: string
  readonly accession: string
  readonly uid: string
  readonly station: string
  readonly modality: string
  /** YYYYMMDD, HHMM */
  readonly date: string
  readonly time: string
}

/** Holds tests that need a program: without it, they are shown as skipped. */
export function describeWithProgram(program: string, title: string, tests: () => void): void {
  const isThere = existsSync(program)
  const group = isThere ? describe : describe.skip
  group(isThere ? title : `${title} (${program} is not installed)`, tests)
}

/** Writes a worklist file with DCMTK's dump2dcm; the text is in `encoding`, whatever `declared` says. */
function writeWorklistFile(
  path: string,
  step: WorklistStep,
  encoding: 'gb18030' | 'utf8',
  declared: string,
): void {
  const dump = [
    ...(declared === '' ? [] : [`(0008,0005) CS ${declared}`]),
    `(0008,0050) SH ${step.accession}`,
    `(0010,0010) PN ${step.name}`,
    `(0010,0020) LO ${step.id}`,
    '(0010,0030) DA 19700102',
    '(0010,0040) CS F',
    `(0020,000d) UI ${step.uid}`,
    '(0032,1060) LO procedure',
    '(0040,0100) SQ',
    '(fffe,e000) na',
    `(0008,0060) CS ${step.modality}`,
    `(0040,0001) AE ${step.station}`,
    `(0040,0002) DA ${step.date}`,
    `(0040,0003) TM ${step.time}`,
    '(0040,0006) PN PHYSICIAN',
    '(0040,0007) LO step',
    `(0040,0009) SH ${step.accession}-1`,
    '(0040,0010) SH station',
    '(0040,0011) SH room',
    '(fffe,e00d) na',
    '(fffe,e0dd) na',
    `(0040,1001) SH RP-${step.accession}`,
    '(0040,1003) SH LOW',
  ]
  writeFileSync(`${path}.dump`, encode(`${dump.join('\n')}\n`, encoding))
  execFileSync('dump2dcm', ['-q', '+te', `${path}.dump`, path])
}

/** DCMTK's worklist, whose files are in `folder`/RISWL. */
export class Wlmscpfs implements AsyncDisposable {
  readonly port: number
  #process: ChildProcess
  readonly #args: readonly string[]

  private constructor(args: readonly string[], port: number) {
    this.port = port
    this.#args = args
    this.#process = spawn('wlmscpfs', this.#args, { stdio: 'ignore' })
  }

  /** `options` are DCMTK's own: `-csk` keeps the character set of the files. */
  static async start(folder: string, options: readonly string[] = []): Promise<Wlmscpfs> {
    mkdirSync(join(folder, 'RISWL'), { recursive: true })
    writeFileSync(join(folder, 'RISWL', 'lockfile'), '')
    const port = await freePort()
    const worklist = new Wlmscpfs([...options, '-dfr', '-dfp', folder, String(port)], port)
    await until(() => isOpen(port), Boolean)
    return worklist
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }

  async again(): Promise<void> {
    this.#process = spawn('wlmscpfs', this.#args, { stdio: 'ignore' })
    await until(() => isOpen(this.port), Boolean)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Orthanc with its worklist plugin; `encoding` is that of its answers, `settings` are more of Orthanc's own. */
export async function orthancWorklist(
  folder: string,
  encoding?: string,
  settings: Record<string, unknown> = {},
): Promise<Orthanc> {
  return Orthanc.start({
    Plugins: [ORTHANC_PLUGIN],
    Worklists: { Enable: true, Database: folder },
    DicomAlwaysAllowFindWorklist: true,
    DicomAet: 'RISWL',
    ...(encoding !== undefined && { DefaultEncoding: encoding }),
    ...settings,
  })
}

/** A folder of worklist files for {@link Wlmscpfs} and {@link orthancWorklist}. */
export function worklistFolder(
  steps: readonly WorklistStep[],
  encoding: 'gb18030' | 'utf8',
  declared: string,
): Disposable & { path: string; files: string } {
  const folder = tempFolder()
  const files = folder.join('RISWL')
  mkdirSync(files)
  for (const [i, step] of steps.entries()) writeWorklistFile(join(files, `${i}.wl`), step, encoding, declared)
  return { path: folder.path, files, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  return once(socket, 'connect').then(
    () => {
      socket.destroy()
      return true
    },
    () => false,
  )
}
