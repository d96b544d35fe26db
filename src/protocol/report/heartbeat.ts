import { z } from 'zod'

/** Ms since 1970. */
const time = z.number().int().nonnegative()
const count = z.number().int().nonnegative()
const bytes = z.number().nonnegative()

/** Maximum number of devices and of conditions in one heartbeat; the agent reports those that need a person first. */
export const HEARTBEAT_DEVICES = 500
export const HEARTBEAT_CONDITIONS = 100

/** A code of docs/errors.md or docs/cli.md; a newer agent may know others. */
const code = z.string().regex(/^[A-Z][A-Z0-9_]{1,60}$/)
const name = z.string().max(100)

const deviceSchema = z.object({
  aeTitle: z.string().max(16),
  /** Name and kind in the clinic's list of devices. */
  name,
  kind: z.string().max(16).nullable(),
  lastSeenAt: time,
  /** Null if it has never sent an image. */
  lastImageAt: time.nullable(),
  /** True if its last image is older than the clinic's setting allows. */
  isSilent: z.boolean(),
})

const conditionSchema = z.object({
  code,
  severity: z.enum(['act', 'decide', 'coping']),
  since: time.nullable(),
  /** The AE title of a device, or a kind of request; null for all others: subjects of alarms may be UIDs or file names. */
  subject: name.nullable(),
  values: z.record(z.string().regex(/^[A-Za-z]{1,30}$/), z.union([z.number(), name])),
})

/**
 * POST heartbeat: the state of an agent, every minute, and at most every 10 s when its conditions change. It names
 * devices and contains counts, sizes, times and codes: no UID, no message, no file name and nothing of a patient.
 * All times are the agent's. A center ignores fields that it does not know.
 */
export const heartbeatSchema = z.object({
  version: z.string().regex(/^[\w.+-]{1,40}$/),
  now: time,
  startedAt: time,
  /** How far the agent's clock is ahead of the center's by the center's last answer; null before the first one. */
  clockOffsetMs: z.number().nullable(),
  /** `room`: the agent's measure against too little room (docs/cli.md, `disk.room`). */
  disk: z.object({ freeBytes: bytes, reserveBytes: bytes, room: z.string().max(20) }),
  /** Instances that no receipt confirms, and the sealed bytes that the center does not hold yet. */
  backlog: z.object({ instances: count, bytes, held: count, oldestAt: time.nullable() }),
  /** Studies to which an instance came since `since`: the last midnight by the agent's time zone. */
  today: z.object({ since: time, studies: count }),
  /** Listed devices that are turned away, and other callers that a person may let in. */
  callers: z.object({ refused: count, pending: count }),
  devices: z.array(deviceSchema).max(HEARTBEAT_DEVICES),
  conditions: z.array(conditionSchema).max(HEARTBEAT_CONDITIONS),
})
export type Heartbeat = z.infer<typeof heartbeatSchema>
export type ReportedCondition = Heartbeat['conditions'][number]

/** The center has taken it. */
export const heartbeatAnswerSchema = z.object({})
