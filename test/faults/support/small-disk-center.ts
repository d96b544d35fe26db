import { writeFileSync } from 'node:fs'
import { DEFAULT_LIMITS } from '../../../src/center/center.ts'
import type { UploadLimits } from '../../../src/center/uploads/upload-limits.ts'
import { ferryCenterProgram } from '../../../src/console/program/ferry-center-program.ts'
import { ballastBytes } from '../../../src/platform/ballast.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import type { Log } from '../../../src/platform/log.ts'
import { RunningCenter } from '../../support/centers/running-center.ts'
import { until } from '../../support/clocks/until.ts'
import { runCommand } from '../../support/programs/run-command.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { SmallDisk } from './disk-mount.ts'

export const MEBIBYTE = 1024 * 1024
export const RESERVE_BYTES = 100 * MEBIBYTE

/** A center on a disk of 400 MiB of which it keeps 100 MiB in reserve, with a ballast of 16 MiB. */
export class SmallDiskCenter implements AsyncDisposable {
  readonly center: RunningCenter
  readonly disk: SmallDisk
  readonly #stack: AsyncDisposableStack
  readonly #configuration: string

  private constructor(
    center: RunningCenter,
    disk: SmallDisk,
    configuration: string,
    stack: AsyncDisposableStack,
  ) {
    this.center = center
    this.disk = disk
    this.#configuration = configuration
    this.#stack = stack
  }

  static async start(
    special: Partial<UploadLimits> = {},
    surroundings: { clock?: Clock; log?: Log } = {},
  ): Promise<SmallDiskCenter> {
    await using stack = new AsyncDisposableStack()
    const temp = stack.use(tempFolder())
    const disk = stack.use(new SmallDisk(temp.join('disk'), 'size=400m'))
    const limits = { ...DEFAULT_LIMITS, reserveBytes: RESERVE_BYTES, ballastBytes: 16 * MEBIBYTE, ...special }
    const center = stack.use(
      await RunningCenter.start({ folder: temp.join('disk/center'), limits, ...surroundings }),
    )
    await until(
      () => ballastBytes(center.folder),
      (bytes) => bytes === limits.ballastBytes,
    )
    const configuration = temp.join('center.yaml')
    const settings = {
      dataFolder: center.folder,
      name: 'District center',
      publicUrl: 'https://127.0.0.1:8443',
      limits: { reserve: '100MiB', ballast: '16MiB' },
    }
    writeFileSync(configuration, JSON.stringify(settings))
    return new SmallDiskCenter(center, disk, configuration, stack.move())
  }

  /** Returns the answer of `ferry-center status`: its exit code and the codes of all that needs a person. */
  async status(): Promise<{ exitCode: number; act: string[] }> {
    const args = ['--config', this.#configuration, 'status', '--json']
    const { exitCode, out } = await runCommand('/', args, { program: ferryCenterProgram })
    const { findings } = JSON.parse(out) as { findings: { code: string; severity: string }[] }
    return { exitCode, act: findings.filter(({ severity }) => severity === 'act').map(({ code }) => code) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}
