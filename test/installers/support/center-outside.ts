import { DEFAULT_LIMITS, startCenter } from '../../../src/center/center.ts'
import { initCenter } from '../../../src/center/keys/center-keys.ts'
import { OperatorDesk } from '../../../src/center/operate/operator.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { until } from '../../support/clocks/until.ts'

type Center = Awaited<ReturnType<typeof startCenter>>

/** A center outside Windows, on one port that can be closed and opened again. */
export class CenterOutside implements AsyncDisposable {
  readonly desk: OperatorDesk
  readonly #folder: string
  #center: Center

  private constructor(folder: string, center: Center, desk: OperatorDesk) {
    this.#folder = folder
    this.#center = center
    this.desk = desk
  }

  static async make(folder: string): Promise<CenterOutside> {
    await initCenter(folder, 'https://127.0.0.1', systemClock.now())
    const center = await start(folder, 0)
    const publicUrl = `https://127.0.0.1:${center.port}`
    return new CenterOutside(
      folder,
      center,
      await OperatorDesk.open({ folder, publicUrl, clock: systemClock }),
    )
  }

  /** Approves an agent as soon as it has asked to join. */
  async approve(fingerprint: string, limitMs: number): Promise<void> {
    await until(
      () =>
        this.desk.approve(fingerprint).then(
          () => true,
          () => false,
        ),
      (isApproved) => isApproved,
      limitMs,
    )
  }

  close(): Promise<void> {
    return this.#center.close()
  }

  async open(): Promise<void> {
    this.#center = await start(this.#folder, this.#center.port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.desk[Symbol.dispose]()
    await this.close()
  }
}

function start(folder: string, port: number): Promise<Center> {
  const limits = { ...DEFAULT_LIMITS, reserveBytes: 0 }
  const listen = { host: '127.0.0.1', port }
  return startCenter({ folder, listen, name: '区影像 中心', limits, clock: systemClock, log: silentLog })
}
