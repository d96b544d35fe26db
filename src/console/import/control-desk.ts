import type { ImportDesk } from '../../agent/arrival/import/file-import.ts'
import type { FiledInstance } from '../../dicom/file/read-instance.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { CONTROL_PATHS, type ImportedView, importedSchema } from '../../protocol/control-api.ts'
import type { ControlClient } from '../session/control-client.ts'

/** Time for which a running agent may be away: a service manager starts it again within seconds. */
const AWAY_MS = 120_000
const AGAIN_MS = 500

interface ControlDeskOptions {
  readonly client: ControlClient
  readonly callingAeTitle: string
  readonly clock: Clock
  /** Called when the agent stops answering, before it is asked again. */
  readonly isAway: () => void
  readonly signal: AbortSignal
}

/**
 * Hands instances to a running agent by its control socket. If it goes away in the middle, it is asked again: whether it
 * had taken the instance before or not, it has it once in the end.
 */
export class ControlDesk implements ImportDesk {
  readonly #options: ControlDeskOptions
  #hasAnswered = false

  constructor(options: ControlDeskOptions) {
    this.#options = options
  }

  /** Throws what the agent answers, NOT_RUNNING, and the error of `dataSet`. */
  async take(instance: FiledInstance, dataSet: () => AsyncIterable<Buffer>): Promise<ImportedView> {
    const { clock, signal, isAway } = this.#options
    let awaySinceMs: number | undefined
    for (;;) {
      try {
        const view = await this.#hand(instance, dataSet())
        this.#hasAnswered = true
        return view
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'NOT_RUNNING') throw error
        if (!this.#hasAnswered || signal.aborted) throw error
        if (awaySinceMs === undefined) isAway()
        awaySinceMs ??= clock.monotonicMs()
        if (clock.monotonicMs() - awaySinceMs > AWAY_MS) throw error
        await clock.sleep(AGAIN_MS, signal)
      }
    }
  }

  async #hand(instance: FiledInstance, dataSet: AsyncIterable<Buffer>): Promise<ImportedView> {
    const { client, callingAeTitle, signal } = this.#options
    const query = new URLSearchParams({
      class: instance.sopClassUid,
      instance: instance.sopInstanceUid,
      syntax: instance.transferSyntaxUid,
      calling: callingAeTitle,
    })
    const path = `${CONTROL_PATHS.importInstance}?${query.toString()}`
    return (await client.send(importedSchema, path, dataSet, signal)).value
  }
}
