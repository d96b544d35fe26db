import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { tempFolder } from '../temp-folder.ts'
import { freePort } from './free-port.ts'

export const ORTHANC_PROGRAM = '/usr/sbin/Orthanc'
export const ORTHANC_DICOMWEB = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const START_MS = 20_000
/** Another program may take a port between the moment when it was free and the start. */
const ATTEMPTS = 3

/** A real PACS on free ports, its folder gone afterwards. */
export class Orthanc implements AsyncDisposable {
  readonly httpPort: number
  readonly dicomPort: number
  readonly #process: ChildProcess
  readonly #folder: Disposable

  private constructor(process: ChildProcess, folder: Disposable, httpPort: number, dicomPort: number) {
    this.#process = process
    this.#folder = folder
    this.httpPort = httpPort
    this.dicomPort = dicomPort
  }

  /** `settings` are Orthanc's own, and win over those here; `env` is added to the environment. */
  static async start(settings: Record<string, unknown> = {}, env: NodeJS.ProcessEnv = {}): Promise<Orthanc> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await Orthanc.#startOnce(settings, env)
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
      }
    }
  }

  static async #startOnce(settings: Record<string, unknown>, env: NodeJS.ProcessEnv): Promise<Orthanc> {
    const folder = tempFolder()
    const httpPort = await freePort()
    const dicomPort = await freePort()
    const configuration = {
      StorageDirectory: folder.join('db'),
      IndexDirectory: folder.join('db'),
      Plugins: [ORTHANC_DICOMWEB],
      HttpPort: httpPort,
      DicomPort: dicomPort,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomAlwaysAllowStore: true,
      DicomCheckCalledAet: false,
      ...settings,
    }
    writeFileSync(folder.join('orthanc.json'), JSON.stringify(configuration))
    const child = spawn(ORTHANC_PROGRAM, [folder.join('orthanc.json')], {
      stdio: 'ignore',
      env: { ...process.env, ...env },
    })
    const orthanc = new Orthanc(child, folder, httpPort, dicomPort)
    await orthanc.#answering()
    return orthanc
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error('Orthanc could not be started')
    return pid
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }

  get dicomWebUrl(): string {
    return `${this.url}/dicom-web`
  }

  /** A resource of its REST interface, in JSON. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`)
    return response.json()
  }

  /** Its answer, in JSON; throws what it says when it refuses. */
  async post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  /** Every instance that it holds, as the DICOM file that it would hand out. */
  async files(): Promise<Buffer[]> {
    const ids = (await this.get('/instances')) as string[]
    const files: Buffer[] = []
    for (const id of ids) {
      const response = await fetch(`${this.url}/instances/${id}/file`)
      files.push(Buffer.from(await response.arrayBuffer()))
    }
    return files
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit')
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended
    this.#folder[Symbol.dispose]()
  }

  /** It does not tell when it is ready, so it is asked until it answers. */
  async #answering(): Promise<void> {
    const deadline = performance.now() + START_MS
    for (;;) {
      try {
        await this.get('/system')
        return
      } catch (error) {
        if (performance.now() > deadline || this.#process.exitCode !== null) {
          await this[Symbol.asyncDispose]()
          throw new Error('Orthanc did not start', { cause: error })
        }
        await pause(50)
      }
    }
  }
}
