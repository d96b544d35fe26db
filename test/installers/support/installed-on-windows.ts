import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { until } from '../../support/clocks/until.ts'
import { type WinePrefix, type WineResult, windowsPath } from '../../support/peers/wine.ts'

const PROGRAM_FOLDER = String.raw`C:\Program Files\Ferry`
const LIMIT_MS = 180_000

const count = z.number()
const statusSchema = z.object({
  version: z.string(),
  fingerprint: z.string(),
  center: z.object({ name: z.string().nullable() }),
  deliveries: z.object({
    queued: count,
    sending: count,
    delivered: count,
    confirmed: count,
    held: count,
  }),
})
type Status = z.infer<typeof statusSchema>

/** Ferry in a Windows of wine, put there by its installer and worked by its commands. */
export class InstalledOnWindows {
  readonly #windows: WinePrefix

  constructor(windows: WinePrefix) {
    this.#windows = windows
  }

  /** Runs an installer; resolves with its exit code. */
  async install(setup: string, ...switches: readonly string[]): Promise<number | null> {
    return (await this.#windows.start(windowsPath(setup), ['/S', ...switches])).code
  }

  /** As "Apps & features" does it. The uninstaller goes on in a copy of its own, until the program folder is empty. */
  async uninstall(): Promise<void> {
    await this.#windows.start(`${PROGRAM_FOLDER}\\uninstall.exe`, ['/S'])
    await until(
      () => existsSync(this.inC('Program Files/Ferry')),
      (isThere) => !isThere,
      LIMIT_MS,
    )
  }

  /** A path of the disk C on this machine. */
  inC(path: string): string {
    return join(this.#windows.diskC, path)
  }

  /** Runs `ferry`. An argument with spaces has its quotation marks. */
  ferry(...args: readonly string[]): Promise<WineResult> {
    const program = `"${PROGRAM_FOLDER}\\app\\dist\\console\\program\\ferry.js"`
    return this.#windows.start(`${PROGRAM_FOLDER}\\ferry.exe`, [program, '--lang', 'en', ...args])
  }

  async mustFerry(...args: readonly string[]): Promise<string> {
    const { code, output, errors } = await this.ferry(...args)
    if (code !== 0) throw new Error(`ferry ${args.join(' ')}: exit code ${code}: ${output}${errors}`)
    return output
  }

  async stopService(): Promise<void> {
    await this.#windows.start('net', ['stop', 'Ferry'])
  }

  /** Asked again: for a moment after the service has stopped, its process is still there. */
  async startService(): Promise<void> {
    await until(
      () => this.#windows.start('net', ['start', 'Ferry']),
      ({ output }) => output.includes('successfully'),
      LIMIT_MS,
    )
  }

  /** Resolves when the service answers. */
  async untilRunning(isGood: (status: Status) => boolean = () => true): Promise<Status> {
    const status = await until(
      () => this.status(),
      (found) => found !== undefined && isGood(found),
      LIMIT_MS,
    )
    if (status === undefined) throw new Error('no status')
    return status
  }

  /** Undefined: no agent answers. */
  async status(): Promise<Status | undefined> {
    const { code, output } = await this.ferry('status', '--json')
    return code === 0 || code === 13 ? statusSchema.parse(JSON.parse(output)) : undefined
  }

  /** The content of the keys, which must stay the same. */
  keys(dataFolder: string): string {
    const folder = this.inC(join(dataFolder, 'keys'))
    return readdirSync(folder)
      .toSorted()
      .map((name) => `${name} ${readFileSync(join(folder, name)).toString('base64')}`)
      .join('\n')
  }
}

/** True if every instance is confirmed. */
export const isConfirmed =
  (instances: number) =>
  ({ deliveries: { confirmed, queued, sending, delivered } }: Status): boolean =>
    confirmed >= instances && queued + sending + delivered === 0
