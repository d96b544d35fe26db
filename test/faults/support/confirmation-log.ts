import { ControlClient } from '../../../src/console/session/control-client.ts'
import {
  type AgentStatus,
  CONTROL_PATHS,
  statusSchema,
  studiesSchema,
  studyDetailSchema,
} from '../../../src/protocol/control-api.ts'

/** Instances that the agent has called confirmed, asked of its control interface and kept outside its machine. */
export class ConfirmationLog {
  /** SOP Instance UIDs. */
  readonly confirmed = new Set<string>()
  readonly #client: ControlClient
  readonly #noted = new Set<string>()

  constructor(dataFolder: string) {
    this.#client = new ControlClient(dataFolder)
  }

  async deliveries(): Promise<AgentStatus['deliveries']> {
    const { value } = await this.#client.call(statusSchema, 'GET', CONTROL_PATHS.status)
    return value.deliveries
  }

  /** Notes what has been confirmed since it was last asked; returns how many it then knows. */
  async note(): Promise<number> {
    const { value } = await this.#client.call(studiesSchema, 'GET', `${CONTROL_PATHS.studies}?limit=10000`)
    for (const { studyInstanceUid, state, version } of value.studies) {
      const name = `${studyInstanceUid} ${version}`
      if (state !== 'confirmed' || this.#noted.has(name)) continue
      await this.#noteStudy(studyInstanceUid)
      this.#noted.add(name)
    }
    return this.confirmed.size
  }

  async #noteStudy(studyInstanceUid: string): Promise<void> {
    const path = `${CONTROL_PATHS.studies}/${studyInstanceUid}`
    const { value } = await this.#client.call(studyDetailSchema, 'GET', path)
    for (const { state, sopInstanceUid } of value.deliveries) {
      if (state === 'confirmed') this.confirmed.add(sopInstanceUid)
    }
  }
}
