import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { CrossProblem, Repetition } from './checks/check-settings.ts'
import type { NamedFile } from './checks/named-files.ts'
import { listAt, repeatedNames, textAt, valueAt } from './checks/yaml-places.ts'
import { CHARACTER_SETS } from './device-settings.ts'
import { ruleName } from './setting/rule-setting.ts'
import * as setting from './setting/setting.ts'

/** The fields of an order that a record of a system may have. */
const ORDER_FIELDS = [
  'key',
  'patientName',
  'patientId',
  'issuer',
  'birthDate',
  'sex',
  'accessionNumber',
  'studyInstanceUid',
  'requestedProcedureId',
  'description',
  'modality',
  'stationAeTitle',
  'scheduledAt',
  'scheduledDate',
  'scheduledTime',
  'referringPhysician',
  'status',
] as const

export type OrderField = (typeof ORDER_FIELDS)[number]

/** How a source writes its records. */
export interface RecordForm {
  /** The place of the list: names joined by dots. Undefined = the whole, or the only list in it. */
  readonly records?: string | undefined
  /** The place of each field in a record: names joined by dots. Left out = the field's own name. */
  readonly fields: Readonly<Partial<Record<OrderField, string | undefined>>>
  /** Values for fields that a record leaves empty. */
  readonly defaults: Readonly<Partial<Record<OrderField, string | undefined>>>
  /** Values of `status` that cancel an order. */
  readonly cancelled: readonly string[]
}

/** A folder into which a system writes its orders. */
interface OrderFolderSettings extends RecordForm {
  /** Absolute. */
  readonly folder: string
  readonly everyMs: number
}

/** An address that answers GET with JSON. */
interface OrderHttpSettings extends RecordForm {
  /** `{today}`, `{yesterday}` and `{tomorrow}` in it become dates. */
  readonly url: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly user?: string | undefined
  /** Absolute paths. */
  readonly passwordFile?: string | undefined
  readonly tokenFile?: string | undefined
  readonly caFile?: string | undefined
}

/** A Modality Worklist SCP (PS3.4 annex K). */
interface WorklistSettings {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  readonly callingAeTitle: string
  /** By TLS, with the certificates of listener.tls. */
  readonly tls: boolean
  readonly everyMs: number
  /** Asked for one by one; none = all. */
  readonly stations: readonly string[]
  readonly modalities: readonly string[]
  readonly daysBack: number
  readonly daysAhead: number
  /** The character set of answers that declare none. */
  readonly characterSet?: string | undefined
}

/** The door at which systems send HL7 v2. */
interface Hl7Settings {
  readonly host: string
  readonly port: number
  /** IPv4, IPv6 or CIDR; others are turned away. */
  readonly addresses: readonly string[]
  readonly messageBytes: number
  readonly idleMs: number
}

export type OrderSourceSettings = { readonly name: string } & (
  | { readonly kind: 'files'; readonly files: OrderFolderSettings }
  | { readonly kind: 'http'; readonly http: OrderHttpSettings }
  | { readonly kind: 'worklist'; readonly worklist: WorklistSettings }
  | { readonly kind: 'hl7'; readonly hl7: Hl7Settings }
)

const ORDER_KINDS = ['files', 'http', 'worklist', 'hl7'] as const

const every = (least: string): setting.Setting<number> =>
  setting.duration('Time between two looks', least, '1d')

const place = (reason: string): setting.Setting<string> => setting.text(reason)

const formKeys = {
  records: place('Place of the list of orders: names joined by dots; left out = the only list').optional(),
  fields: z
    .strictObject(fieldsOf('Place of this field in a record: names joined by dots'))
    .prefault({})
    .describe('Names that the system uses; left out = those of Ferry'),
  defaults: z
    .strictObject(fieldsOf('Value if a record has none'))
    .prefault({})
    .describe('Values for what the records leave empty'),
  cancelled: z
    .array(setting.text('Value of status'))
    .prefault([])
    .describe('Values of status that cancel an order'),
}

const filesSchema = z
  .strictObject({
    folder: setting.path('Folder of JSON, CSV and XML files; relative = beside this file'),
    every: every('5s').prefault('30s'),
    ...formKeys,
  })
  .transform(({ every: everyMs, ...rest }): OrderFolderSettings => ({ ...rest, everyMs }))

const httpSchema = z
  .strictObject({
    url: setting.httpUrl('Address that answers GET with JSON; {today}, {yesterday}, {tomorrow} become dates'),
    every: every('10s').prefault('2m'),
    timeout: setting.duration('Time limit for a whole answer', '1s', '5m').prefault('20s'),
    user: setting.text('User name for basic authentication').optional(),
    passwordFile: setting.path('File with the password').optional(),
    tokenFile: setting.path('File with a bearer token').optional(),
    ca: setting
      .path(
        'Certificates of the authorities by which the server is believed (PEM); left out = the usual ones',
      )
      .optional(),
    ...formKeys,
  })
  .transform(
    ({ every: everyMs, timeout, ca, ...rest }): OrderHttpSettings => ({
      ...rest,
      everyMs,
      timeoutMs: timeout,
      caFile: ca,
    }),
  )

const worklistSchema = z
  .strictObject({
    host: setting.host('Address of the worklist'),
    port: setting.port('Its port').prefault('104'),
    aeTitle: setting.aeTitle('Its AE title'),
    callingAeTitle: setting.aeTitle('AE title by which Ferry calls').prefault('FERRY'),
    tls: setting
      .onOff('Whether it listens by DICOM over TLS, with the certificates of listener.tls')
      .prefault('off'),
    every: every('30s').prefault('3m'),
    stations: z
      .array(setting.aeTitle('Scheduled Station AE Title'))
      .prefault([])
      .describe('Stations whose orders are asked for, one by one; none = all'),
    modalities: z
      .array(setting.text('Modality'))
      .prefault([])
      .describe('Modalities whose orders are asked for, one by one; none = all'),
    daysBack: setting.count('Days before today that are asked for', 0, 30).prefault('1'),
    daysAhead: setting.count('Days after today that are asked for', 0, 30).prefault('1'),
    characterSet: setting.choice('Character set of answers that declare none', CHARACTER_SETS).optional(),
  })
  .transform(({ every: everyMs, ...rest }): WorklistSettings => ({ ...rest, everyMs }))

const hl7Schema = z
  .strictObject({
    host: setting.host('Address of this machine to listen on; 0.0.0.0 = all of them'),
    port: setting.port('Port; 2575 is registered for HL7').prefault('2575'),
    addresses: z
      .array(setting.network('Address or network'))
      .min(1)
      .describe('Systems that may send; others are turned away'),
    message: setting.size('The largest message that is taken', '64KiB', '64MiB').prefault('16MiB'),
    idle: setting
      .duration('Time without a byte after which a connection is ended', '10s', '7d')
      .prefault('1d'),
  })
  .transform(({ message, idle, ...rest }): Hl7Settings => ({ ...rest, messageBytes: message, idleMs: idle }))

const sourceSchema = z
  .strictObject({
    name: ruleName('Name in commands and alarms'),
    files: filesSchema.optional().describe('A folder into which a system writes its orders'),
    http: httpSchema.optional().describe('An address that is asked by GET and answers with JSON'),
    worklist: worklistSchema.optional().describe('DICOM Modality Worklist'),
    hl7: hl7Schema.optional().describe('HL7 v2 over MLLP: systems send to Ferry'),
  })
  .transform(({ name, files, http, worklist, hl7 }, context): OrderSourceSettings => {
    if (files !== undefined) return { name, kind: 'files', files }
    if (http !== undefined) return { name, kind: 'http', http }
    if (worklist !== undefined) return { name, kind: 'worklist', worklist }
    if (hl7 !== undefined) return { name, kind: 'hl7', hl7 }
    context.addIssue({ code: 'custom', params: { expected: { what: 'choice', choices: ORDER_KINDS } } })
    return z.NEVER
  })

export const ordersSchema = z
  .array(sourceSchema)
  .prefault([])
  .describe('Systems that say whose examination it is; each has one of files, http, worklist, hl7')

/** Relative paths count from the folder of the configuration. */
export function ordersBesideFile(
  sources: readonly OrderSourceSettings[],
  configPath: string,
): readonly OrderSourceSettings[] {
  const at = (path: string | undefined): string | undefined => path && resolve(dirname(configPath), path)
  return sources.map((source) => {
    if (source.kind === 'files')
      return { ...source, files: { ...source.files, folder: at(source.files.folder) ?? '' } }
    if (source.kind !== 'http') return source
    const { passwordFile, tokenFile, caFile } = source.http
    const files = { passwordFile: at(passwordFile), tokenFile: at(tokenFile), caFile: at(caFile) }
    return { ...source, http: { ...source.http, ...files } }
  })
}

export function repeatedOrderNames(values: unknown): Repetition[] {
  return repeatedNames(listAt(values, ['orders']), ['orders'])
}

/** Two kinds in one source, half of a pair of settings, and HL7 where nothing can be kept. */
export function orderProblems(values: unknown): CrossProblem[] {
  return listAt(values, ['orders']).flatMap((source, i) => {
    const path = ['orders', i]
    const kinds = ORDER_KINDS.filter((kind) => valueAt(source, [kind]) !== undefined)
    const [kind, second] = kinds
    const twice: CrossProblem[] =
      kind === undefined || second === undefined
        ? []
        : [{ kind: 'conflict', path: [...path, second], found: second, other: kind }]
    return [
      ...twice,
      ...httpProblems(valueAt(source, ['http']), [...path, 'http']),
      ...hl7Problems(values, source, path),
    ]
  })
}

function httpProblems(http: unknown, path: readonly (string | number)[]): CrossProblem[] {
  const [user, password, token] = ['user', 'passwordFile', 'tokenFile'].map((key) => textAt(http, key))
  const missing = (key: string, what: 'text' | 'path'): CrossProblem => ({
    kind: 'missing',
    path: [...path, key],
    expected: { what },
  })
  if (user !== undefined && password === undefined) return [missing('passwordFile', 'path')]
  if (user === undefined && password !== undefined) return [missing('user', 'text')]
  if (user === undefined || token === undefined) return []
  return [{ kind: 'conflict', path: [...path, 'tokenFile'], found: token, other: `user: ${user}` }]
}

/** A sender of HL7 does not send an order again: it must be on the disk, and that needs a key. */
function hl7Problems(values: unknown, source: unknown, path: readonly (string | number)[]): CrossProblem[] {
  if (valueAt(source, ['hl7']) === undefined || textAt(values, 'displayNames') !== 'off') return []
  return [{ kind: 'conflict', path: [...path, 'hl7'], found: 'hl7', other: 'displayNames: off' }]
}

/** The files that sources name. */
export function orderFiles(values: unknown): NamedFile[] {
  return listAt(values, ['orders']).flatMap((source, i) =>
    ['passwordFile', 'tokenFile', 'ca'].flatMap((key) => {
      const name = textAt(valueAt(source, ['http']), key)
      return name === undefined ? [] : [{ path: ['orders', i, 'http', key], name }]
    }),
  )
}

function fieldsOf(reason: string): Record<OrderField, z.ZodOptional<setting.Setting<string>>> {
  const entries = ORDER_FIELDS.map((field) => [field, setting.text(reason).optional()])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each field
  return Object.fromEntries(entries) as Record<OrderField, z.ZodOptional<setting.Setting<string>>>
}
