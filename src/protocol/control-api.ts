import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { z } from 'zod'

/** Of everything that `--json` prints and the control socket answers. A field may be added; a change of one counts up. */
export const CONTROL_SCHEMA_VERSION = 1

/** Paths of the agent's control interface: HTTP/1.1 and JSON over a Unix socket or named pipe. */
export const CONTROL_PATHS = {
  status: '/v1/status',
  queue: '/v1/queue',
  studies: '/v1/studies',
  retry: '/v1/retry',
} as const

/** Where the agent that works in this folder listens for its CLI. Both must see the folder under the same name. */
export function controlSocketPath(dataFolder: string): string {
  const folder = resolve(dataFolder)
  if (process.platform !== 'win32') return join(folder, 'control.sock')
  const digest = createHash('sha256').update(folder.toLowerCase(), 'utf8').digest('hex')
  return `\\\\.\\pipe\\ferry-${digest.slice(0, 32)}`
}

/** Ms since 1970. */
const time = z.number()
const count = z.int().nonnegative()

const alarmSchema = z.object({ code: z.string(), subject: z.string(), message: z.string(), since: time })

/** Why the center cannot be sent to just now, and when it is tried again. */
const troubleSchema = z.object({
  reasonCode: z.string(),
  reason: z.string(),
  since: time,
  attempts: count,
  nextAttemptAt: time,
})

const deviceSightingSchema = z.object({
  callingAeTitle: z.string(),
  calledAeTitle: z.string(),
  peerAddress: z.string(),
  firstSeenAt: time,
  lastSeenAt: time,
  associations: count,
  rejections: count,
  /** Why it was last not let in, in words. */
  lastRejection: z.string().nullable(),
})

export const statusSchema = z.object({
  now: time,
  version: z.string(),
  startedAt: time,
  /** What a person must look at; the oldest first. */
  alarms: z.array(alarmSchema),
  center: z.object({ name: z.string(), url: z.string(), trouble: troubleSchema.nullable() }),
  /** The agent's own fingerprint, as the center's operator sees it. */
  fingerprint: z.string(),
  listener: z.object({
    name: z.string(),
    host: z.string(),
    port: z.int(),
    aeTitles: z.array(z.string()),
  }),
  devices: z.array(deviceSightingSchema),
  deliveries: z.object({ queued: count, sending: count, delivered: count, confirmed: count, held: count }),
  /** Sealed bytes that the center does not hold yet. */
  waitingBytes: z.number(),
  /** Arrival of the oldest instance that is not confirmed. */
  oldestUnconfirmedAt: time.nullable(),
  studies: z.object({ open: count, closed: count, confirmed: count }),
  disk: z.object({ folder: z.string(), freeBytes: z.number(), reserveBytes: z.number() }),
  /** How far this machine's clock is ahead of the center's; null until the center has answered. */
  clockOffsetMs: z.number().nullable(),
})

const deliverySchema = z.object({
  ulid: z.string(),
  studyInstanceUid: z.string(),
  sopInstanceUid: z.string(),
  state: z.enum(['queued', 'sending', 'delivered', 'confirmed', 'held']),
  changedAt: time,
  attempts: count,
  nextAttemptAt: time,
  reasonCode: z.string().nullable(),
  reason: z.string().nullable(),
  callingAeTitle: z.string(),
  sealedBytes: z.number(),
  arrivedAt: time,
})

const studySchema = z.object({
  studyInstanceUid: z.string(),
  state: z.enum(['open', 'closed', 'confirmed']),
  firstArrivedAt: time,
  lastArrivedAt: time,
  /** The newest manifest; 0 = none yet. */
  version: count,
  attempts: count,
  nextAttemptAt: time,
  reasonCode: z.string().nullable(),
  reason: z.string().nullable(),
  /** What the newest receipt says of the PACS behind the center. */
  pacs: z.string().nullable(),
  receiptedAt: time.nullable(),
  instances: count,
  confirmed: count,
  held: count,
  conflicts: count,
})

export const queueSchema = z.object({
  /** While there is trouble, every queued delivery waits for this reason. */
  trouble: troubleSchema.nullable(),
  /** Not confirmed, the oldest first; at most as many as were asked for. */
  deliveries: z.array(deliverySchema),
})

export const studiesSchema = z.object({ studies: z.array(studySchema) })

export const studyDetailSchema = z.object({
  study: studySchema,
  deliveries: z.array(deliverySchema),
  /** The newest manifest and its receipt, as signed (JWS). */
  evidence: z.object({ manifest: z.string(), receipt: z.string().nullable() }).nullable(),
})

/** How many deliveries may go at once now. */
export const retrySchema = z.object({ retried: count })

export type AgentStatus = z.infer<typeof statusSchema>
export type CenterTrouble = z.infer<typeof troubleSchema>
export type DeliveryView = z.infer<typeof deliverySchema>
export type StudyView = z.infer<typeof studySchema>
export type QueueView = z.infer<typeof queueSchema>
export type StudiesView = z.infer<typeof studiesSchema>
export type StudyDetail = z.infer<typeof studyDetailSchema>
export type RetryOutcome = z.infer<typeof retrySchema>

/** What a running agent answers; its rows carry no patient attribute. */
export interface ControlService {
  status(): AgentStatus | Promise<AgentStatus>
  queue(limit: number): QueueView | Promise<QueueView>
  studies(limit: number): StudiesView | Promise<StudiesView>
  study(studyInstanceUid: string): StudyDetail | undefined | Promise<StudyDetail | undefined>
  /** All held and waiting deliveries, or those of one study, may go at once. */
  retry(studyInstanceUid?: string): RetryOutcome | Promise<RetryOutcome>
}
