import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { procedureStepSchema } from './commitments-api.ts'
import { displayedSchema, displayNamesSchema } from './display-api.ts'
import { folderSchema } from './folder-api.ts'
import { orderSourceSchema } from './orders-api.ts'
import { deviceProposalSchema } from './status/device-proposal.ts'
import { sinceStartSchema } from './status/since-start-schema.ts'

/** Version of all output of `--json` and of the control socket. A new field keeps it; a changed field increments it. */
export const CONTROL_SCHEMA_VERSION = 1

/** The sender that is recorded for instances of an import, unless a person names another one. */
export const IMPORT_CALLING_AE_TITLE = 'FERRY-IMPORT'

/** Paths of the agent's control interface: HTTP/1.1 and JSON over a Unix socket or named pipe. */
export const CONTROL_PATHS = {
  status: '/v1/status',
  queue: '/v1/queue',
  studies: '/v1/studies',
  retry: '/v1/retry',
  quarantine: '/v1/quarantine',
  release: '/v1/quarantine/release',
  names: '/v1/names',
  history: '/v1/history',
  devices: '/v1/devices',
  reloadDevices: '/v1/devices/reload',
  ignoreCaller: '/v1/devices/ignore',
  unignoreCaller: '/v1/devices/unignore',
  forgetCaller: '/v1/devices/forget',
  commitments: '/v1/commitments',
  procedureSteps: '/v1/procedure-steps',
  testImage: '/v1/test-image',
  importInstance: '/v1/instances',
  folders: '/v1/folders',
  assign: '/v1/folders/assign',
  pageLink: '/v1/page-link',
  restart: '/v1/restart',
} as const

/** Returns the path where the agent of this folder listens for its CLI. Both must use the same name for the folder. */
export function controlSocketPath(dataFolder: string): string {
  const folder = resolve(dataFolder)
  if (process.platform !== 'win32') return join(folder, 'control.sock')
  const digest = createHash('sha256').update(folder.toLowerCase(), 'utf8').digest('hex')
  return `\\\\.\\pipe\\ferry-${digest.slice(0, 32)}`
}

/** Ms since 1970. */
const time = z.number()
const count = z.int().nonnegative()

/**
 * Requests to the center: a pack, a manifest (for the receipt, or again for the state at the PACS), and the questions
 * which studies have got further at the PACS, which receipts it knows, and which instances it holds.
 */
export const REQUEST_KINDS = ['pack', 'receipt', 'pacs', 'pacsChanges', 'receipts', 'holdings'] as const
export type RequestKind = (typeof REQUEST_KINDS)[number]
const requestKind = z.enum(REQUEST_KINDS)

const alarmSchema = z.object({
  code: z.string(),
  subject: z.string(),
  message: z.string(),
  since: time,
  /** The request whose answer raised it, while that fails. */
  request: z.object({ kind: requestKind, attempts: count, nextAttemptAt: time }).exactOptional(),
})

/** Requests of one kind that fail with one code and have no alarm; reason and next attempt are of the next one. */
const failedRequestsSchema = z.object({
  kind: requestKind,
  reasonCode: z.string(),
  reason: z.string(),
  /** Number of studies, or 1 for a question about many. */
  count,
  since: time,
  attempts: count,
  nextAttemptAt: time,
})

/** The reason why nothing can be sent to the center now, and the time of the next attempt. */
const troubleSchema = z.object({
  reasonCode: z.string(),
  reason: z.string(),
  since: time,
  attempts: count,
  nextAttemptAt: time,
})

const deviceSightingSchema = z.object({
  /**
   * known: accepted. refused: listed, but turned away at its last call. pending: not listed, and turned away. ignored:
   * the same, and a person has hidden it. unnamed: it gave no AE title, as port scans and monitoring do.
   */
  state: z.enum(['known', 'refused', 'pending', 'ignored', 'unnamed']),
  /** Name and kind in the list of devices. */
  name: z.string().nullable(),
  kind: z.string().nullable().default(null),
  proposal: deviceProposalSchema.nullable(),
  callingAeTitle: z.string(),
  calledAeTitle: z.string(),
  peerAddress: z.string(),
  firstSeenAt: time,
  lastSeenAt: time,
  associations: count,
  rejections: count,
  /** The reason for the last rejection, in words. */
  lastRejection: z.string().nullable(),
  /** The last problem of this device: see src/agent/arrival. A newer agent may know other kinds. */
  problem: z.object({ kind: z.string(), detail: z.string(), at: time }).nullable(),
  lastInstance: z
    .object({ at: time, sopClass: z.string(), transferSyntax: z.string() })
    .nullable()
    .default(null),
  /** Time without an image after which the device counts as silent; null = it never does. */
  silentAfterMs: z.number().nullable().default(null),
})

/** A pack that is being sent; `reachedBytes` of it are at the center. */
const packOnItsWaySchema = z.object({
  studyInstanceUid: z.string(),
  instances: count,
  bytes: z.number(),
  reachedBytes: z.number(),
})
const sendingSchema = z.object({
  /** Mean of the last 30 seconds, and the time until all that waits is sent at this rate; null = not known. */
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  packs: z.array(packOnItsWaySchema),
})

/** A device of the list, or another caller; a listed one that has never called has no times. */
const deviceSchema = deviceSightingSchema.extend({
  room: z.string().nullable(),
  /** Addresses from which it may call; none = from anywhere. */
  addresses: z.array(z.string()),
  calledAeTitle: z.string().nullable(),
  peerAddress: z.string().nullable(),
  firstSeenAt: time.nullable(),
  lastSeenAt: time.nullable(),
  instances: count,
  /** Bytes of data sets as they arrived. */
  bytes: z.number(),
})

export const devicesSchema = z.object({ devices: z.array(deviceSchema) })

/** `changed`: number of callers concerned; 0 = there was none. */
export const callersChangedSchema = devicesSchema.extend({ changed: count })

/** By the names of src/dicom/check/check-findings.ts; a newer agent may know others. */
const findingCountSchema = z.object({ finding: z.string(), instances: count })

export const statusSchema = z.object({
  now: time,
  version: z.string(),
  startedAt: time,
  /** Alarms that a person must look at, the oldest first. */
  alarms: z.array(alarmSchema),
  /** Without name and address until the agent has joined a center; until then it takes no instance. */
  center: z.object({
    name: z.string().nullable(),
    url: z.string().nullable(),
    trouble: troubleSchema.nullable(),
  }),
  /** The oldest first. */
  failedRequests: z.array(failedRequestsSchema).default([]),
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
  /** Packs that are on their way to the center now. */
  sending: sendingSchema.default({ bytesPerSecond: null, secondsLeft: null, packs: [] }),
  /** Arrival of the oldest instance that is not confirmed. */
  oldestUnconfirmedAt: time.nullable(),
  studies: z.object({ open: count, closed: count, confirmed: count }),
  disk: z.object({
    folder: z.string(),
    freeBytes: z.number(),
    reserveBytes: z.number(),
    /** Number of further files that the disk can name; null if it has no such limit. */
    freeFiles: z.number().nullable(),
    /** The measure against too little room (agent/queue/spool-room.ts). */
    room: z.enum(['enough', 'making', 'nothing', 'young', 'unproven', 'checking']),
    /** Time for which confirmed copies are kept even if the disk is full. */
    atLeastMs: z.number(),
    /** Contents of the disk of the sealed images; null if another disk is short of room. */
    contents: z
      .object({
        totalBytes: z.number(),
        waitingBytes: z.number(),
        confirmedBytes: z.number(),
        heldBytes: z.number(),
        otherBytes: z.number(),
      })
      .nullable(),
  }),
  /** How far this machine's clock is ahead of the center's; null until the center has answered. */
  clockOffsetMs: z.number().nullable(),
  /** Findings in the instances of each device, the latest first. */
  instanceFindings: z.array(findingCountSchema.extend({ callingAeTitle: z.string(), lastAt: time })),
  /** Watched folders, in the order of the settings. */
  folders: z.array(folderSchema).default([]),
  orderSources: z.array(orderSourceSchema).default([]),
  /** When the running agent first saw each condition that lasts; a subject is a device, a study or a kind of request. */
  firstSeen: z.array(z.object({ code: z.string(), subject: z.string().nullable(), since: time })).default([]),
  /** How often full names were shown, and when last. */
  namesShown: z.object({ times: count, lastAt: time.nullable() }),
  /** Why no instance can be taken and acknowledged now; empty if they can be. */
  notReady: z.array(z.object({ code: z.string(), reason: z.string() })).default([]),
  sinceStart: sinceStartSchema,
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
  /** The state at the PACS behind the center, from the newest receipts; 'partial' if only part of the study is meant for it. */
  pacs: z.string().nullable(),
  /** The time of the first receipt with this state. */
  pacsAt: time.nullable(),
  receiptedAt: time.nullable(),
  instances: count,
  confirmed: count,
  held: count,
  conflicts: count,
  /** Number of instances with any finding. */
  odd: count,
  /** Masked. */
  display: displayedSchema,
})

/** The unconfirmed instances of a study; reason and next attempt are those of one that most needs a look. */
const waitingStudySchema = deliverySchema
  .pick({
    studyInstanceUid: true,
    sealedBytes: true,
    arrivedAt: true,
    callingAeTitle: true,
    state: true,
    attempts: true,
    nextAttemptAt: true,
    reasonCode: true,
    reason: true,
  })
  .extend({ instances: count, queued: count, sending: count, delivered: count, held: count })

export const queueSchema = z.object({
  /** While there is trouble, every queued delivery waits for this reason. */
  trouble: troubleSchema.nullable(),
  /** Unconfirmed deliveries, the oldest first; at most the requested number. */
  deliveries: z.array(deliverySchema.extend({ findings: z.array(z.string()) })),
  /** Number of all unconfirmed deliveries. */
  unconfirmed: count,
  /** Studies of the oldest 10,000 of them, the oldest first; at most the requested number. */
  studies: z.array(waitingStudySchema),
})

export const studiesSchema = z.object({ displayNames: displayNamesSchema, studies: z.array(studySchema) })

export const studyDetailSchema = z.object({
  displayNames: displayNamesSchema,
  study: studySchema,
  deliveries: z.array(deliverySchema),
  /** Senders of its first and last instance; the time of the newest manifest, when all of it was at the center. */
  devices: z.array(z.string()).default([]),
  listedAt: time.nullable().default(null),
  /** How many instances have each finding. */
  findings: z.array(findingCountSchema),
  procedureSteps: z.array(procedureStepSchema),
  /** The newest manifest: its parts and their receipts are asked for one by one. */
  evidence: z
    .object({ version: count, parts: z.array(z.object({ version: count, part: count })) })
    .nullable(),
})

/** One part of the newest manifest and its receipt, as signed (JWS). */
export const evidencePartSchema = z.object({ manifest: z.string(), receipt: z.string().nullable() })
export type RetryOutcome = z.infer<typeof retrySchema>
export type EvidencePart = z.infer<typeof evidencePartSchema>

/** Number of deliveries that may be sent at once now. */
export const retrySchema = z.object({
  /** Number of waiting instances that are sent now. */
  retried: count,
  /** Number of studies whose receipt is asked for now. */
  studies: count,
})

const quarantinedSchema = z.object({
  ulid: z.string(),
  studyInstanceUid: z.string(),
  sopInstanceUid: z.string(),
  callingAeTitle: z.string(),
  sealedBytes: z.number(),
  arrivedAt: time,
  /** Held since. */
  since: time,
  findings: z.array(z.string()),
})

/** Instances held because of their findings, the oldest first. */
export const quarantineSchema = z.object({ instances: z.array(quarantinedSchema) })

/** `spoolFile`: its path on the agent's machine. */
export const quarantinedOneSchema = quarantinedSchema.extend({ spoolFile: z.string() })

/** The study of a test image that was taken in. */
export const testImageSchema = z.object({ studyInstanceUid: z.string() })
/** The result for an instance from a file. */
export const importedSchema = z.object({
  /** PS3.4 §B.2.3: 0 means safe, as for C-STORE. */
  status: count,
  /** True if exactly these bytes were here before. */
  isKnown: z.boolean(),
  /** True if a check holds it: it is safe, and is not sent until a person releases it. */
  isHeld: z.boolean(),
  findings: z.array(z.string()),
  /** The reason for a refusal. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
})
/** Opens the page with the right to change things: once, and for ten minutes. */
export const pageLinkSchema = z.object({ url: z.string() })
/** The agent starts again with the settings of its configuration file. */
export const restartSchema = z.object({ restarting: z.literal(true) })

/** Number of released instances. */
export const releaseSchema = z.object({ released: count })

/** Full names; each request for them is recorded. */
export const namesSchema = z.object({
  studies: z.array(z.object({ studyInstanceUid: z.string(), display: displayedSchema })),
})

export type TestImageView = z.infer<typeof testImageSchema>
export type ImportedView = z.infer<typeof importedSchema>
export type PageLink = z.infer<typeof pageLinkSchema>
export type Restarting = z.infer<typeof restartSchema>
export type AgentStatus = z.infer<typeof statusSchema>
export type CenterTrouble = z.infer<typeof troubleSchema>
export type DeliveryView = z.infer<typeof deliverySchema>
export type DeviceProposal = z.infer<typeof deviceProposalSchema>
export type DeviceView = z.infer<typeof deviceSchema>
export type DevicesView = z.infer<typeof devicesSchema>
export type CallersChanged = z.infer<typeof callersChangedSchema>
export type StudyView = z.infer<typeof studySchema>
export type QueueView = z.infer<typeof queueSchema>
export type WaitingStudyView = z.infer<typeof waitingStudySchema>
export type StudiesView = z.infer<typeof studiesSchema>
export type StudyDetail = z.infer<typeof studyDetailSchema>
export type QuarantineView = z.infer<typeof quarantineSchema>
export type QuarantinedView = z.infer<typeof quarantinedOneSchema>
export type ReleaseOutcome = z.infer<typeof releaseSchema>
export type NamesView = z.infer<typeof namesSchema>
