import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { AgentSettings } from '../config/agent-settings.ts'
import type { Clock } from '../platform/clock.ts'
import type {
  AgentStatus,
  CenterTrouble,
  ControlService,
  QueueView,
  RetryOutcome,
  StudiesView,
  StudyDetail,
} from '../protocol/control-api.ts'
import { parseJson } from '../protocol/parse-json.ts'
import type { StorageGate } from './arrival/storage-gate.ts'
import type { CenterKeys } from './center-keys.ts'
import type { Queue } from './queue/open-queue.ts'
import type { CenterAccount } from './send/center-account.ts'
import { CENTER, type Sending } from './sending.ts'

export interface AgentServiceParts {
  settings: AgentSettings
  /** The listener's real port, where the settings say 0. */
  port: number
  account: CenterAccount
  keys: CenterKeys
  queue: Queue
  storage: StorageGate
  sending: Sending
  clock: Clock
}

/** What the CLI and the status page ask a running agent: read straight from the queue, nothing kept here. */
export class AgentService implements ControlService {
  readonly #parts: AgentServiceParts
  readonly #startedAt: number

  constructor(parts: AgentServiceParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  status(): AgentStatus {
    const { settings, port, account, keys, queue, storage, sending, clock } = this.#parts
    const { deliveries, studies, watchPoints } = queue
    const { name, host, aeTitles } = settings.listener
    const offset = sending.clockOffsetMs
    return {
      now: clock.now(),
      version: agentVersion(),
      startedAt: this.#startedAt,
      alarms: watchPoints.alarms(),
      center: { name: keys.centerName, url: account.address().url, trouble: this.#trouble() },
      fingerprint: account.signingKey.kid,
      listener: { name, host, port, aeTitles: [...aeTitles] },
      devices: watchPoints.sightings(),
      deliveries: deliveries.counts(CENTER),
      waitingBytes: deliveries.waitingBytes(CENTER),
      oldestUnconfirmedAt: deliveries.oldestUnconfirmed(CENTER) ?? null,
      studies: studies.counts(CENTER),
      disk: {
        folder: settings.dataFolder,
        freeBytes: storage.freeBytes,
        reserveBytes: settings.limits.reserveBytes,
      },
      clockOffsetMs: offset === undefined ? null : -offset,
    }
  }

  queue(limit: number): QueueView {
    return { trouble: this.#trouble(), deliveries: this.#parts.queue.deliveries.unconfirmed(CENTER, limit) }
  }

  studies(limit: number): StudiesView {
    return { studies: this.#parts.queue.studies.list(CENTER, limit) }
  }

  study(studyInstanceUid: string): StudyDetail | undefined {
    const { studies, deliveries } = this.#parts.queue
    const study = studies.get(CENTER, studyInstanceUid)
    if (study === undefined) return undefined
    return {
      study,
      deliveries: deliveries.ofStudy(CENTER, studyInstanceUid),
      evidence: studies.evidence(CENTER, studyInstanceUid) ?? null,
    }
  }

  retry(studyInstanceUid?: string): RetryOutcome {
    const { queue, sending } = this.#parts
    const retried = queue.deliveries.retry(CENTER, studyInstanceUid)
    sending.retryNow()
    return { retried }
  }

  #trouble(): CenterTrouble | null {
    return this.#parts.queue.watchPoints.trouble(CENTER) ?? null
  }
}

const packageSchema = z.object({ version: z.string() })

/** From package.json, which lies beside both src and dist. */
function agentVersion(): string {
  const path = join(import.meta.dirname, '../../package.json')
  return parseJson(readFileSync(path, 'utf8'), packageSchema, 'INTERNAL', `reading ${path}`).version
}
