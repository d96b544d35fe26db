import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { sha256 } from '../centers/stored-at-center.ts'
import { until } from '../clocks/until.ts'
import { splitPart10 } from '../instances/corpus.ts'
import { tempFolder } from '../temp-folder.ts'
import { answers } from './answers.ts'
import { freePort } from './free-port.ts'

/** DCMTK's storescp in its bit-preserving mode: the witness of what a sender really puts on the wire. */
export class Storescp implements AsyncDisposable {
  readonly port: number
  readonly #process: ChildProcess
  readonly #folder: ReturnType<typeof tempFolder>

  private constructor(process: ChildProcess, folder: ReturnType<typeof tempFolder>, port: number) {
    this.#process = process
    this.#folder = folder
    this.port = port
  }

  /** `options` are DCMTK's own. */
  static async start(options: readonly string[] = []): Promise<Storescp> {
    const folder = tempFolder()
    const port = await freePort()
    // +xa: whatever transfer syntax is offered; +B: the data set as received; -pm: classes that it does not know, too.
    const args = [...options, '+B', '+xa', '-pm', '-od', folder.path, String(port)]
    const storescp = new Storescp(spawn('storescp', args, { stdio: 'ignore' }), folder, port)
    await until(() => answers(port), Boolean)
    return storescp
  }

  /** Digests of the data sets that it was sent. */
  received(): string[] {
    return readdirSync(this.#folder.path).map((name) => {
      const split = splitPart10(this.#folder.join(name))
      return split === undefined ? sha256(readFileSync(this.#folder.join(name))) : sha256(split.dataSet)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
    this.#folder[Symbol.dispose]()
  }
}
