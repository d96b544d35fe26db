import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { type CheckingSettings, checkingSchema } from './checking-settings.ts'
import {
  type Checked,
  type CheckOptions,
  checkSettings,
  freezeDeep,
  type SettingsKind,
  settingsOf,
} from './checks/check-settings.ts'
import { deidProblems, repeatedDeidNames } from './checks/deid-checks.ts'
import { folderProblems, repeatedFolderNames } from './checks/folder-problems.ts'
import { namedFilesAt } from './checks/named-files.ts'
import { normalizationProblems, repeatedNormalizationNames } from './checks/normalization-checks.ts'
import { priorityProblems } from './checks/priority-problems.ts'
import { repeatedDevices } from './checks/repeated-devices.ts'
import { routeClashes } from './checks/route-clashes.ts'
import {
  besideFile,
  type DeidSettings,
  deidentificationSchema,
  IDENTIFIED_ROUTE,
  type RouteSettings,
  routesSchema,
} from './deid-settings.ts'
import { type DeviceSettings, deviceSchema } from './device-settings.ts'
import { type FolderSettings, foldersBesideFile, foldersSchema } from './folder-settings.ts'
import { type ImportSettings, importSchema } from './import-settings.ts'
import { type LogSettings, logBesideFile, logSchema } from './log-settings.ts'
import { type MetricsSettings, metricsSchema } from './metrics-settings.ts'
import { type NormalizationSettings, normalizationSchema } from './normalization-settings.ts'
import {
  type OrderSourceSettings,
  orderFiles,
  orderProblems,
  ordersBesideFile,
  ordersSchema,
  repeatedOrderNames,
} from './order-settings.ts'
import * as setting from './setting/setting.ts'
import { type TlsSettings, tlsBesideFile, tlsFiles, tlsProblems, tlsSchema } from './tls-settings.ts'
import type { Language } from './yaml/problem-words.ts'

/** All settings of the agent in the clinic; config/ferry.example.yaml explains each. */
export interface AgentSettings {
  /** Absolute. */
  readonly dataFolder: string
  readonly log: LogSettings
  readonly listener: ListenerSettings
  readonly devices: readonly DeviceSettings[]
  /** Folders in which other programs put files; none = nothing is watched. */
  readonly folders: readonly FolderSettings[]
  readonly unknownDevices: 'reject' | 'accept'
  /** Time without an image after which a listed device that has none of its own counts as silent. */
  readonly alarms: { readonly deviceSilentMs: number }
  readonly limits: {
    readonly instanceBytes: number
    /** Free disk space reserved so that started work can finish. */
    readonly reserveBytes: number
    readonly associations: number
    readonly associationsPerPeer: number
    readonly pduBytes: number
    readonly idleMs: number
  }
  /** Limits for each zip file of an import. */
  readonly import: ImportSettings
  /** Time without a new instance after which a manifest closes the study. */
  readonly study: { readonly quietMs: number }
  readonly send: {
    readonly packBytes: number
    readonly packMembers: number
    readonly chunkBytes: number
    readonly uploads: number
    readonly bandwidthBytesPerSecond?: number
    /** Names, AE titles and kinds of devices whose studies are sent before all others. */
    readonly priority?: readonly string[]
  }
  /** Time for which a confirmed instance is kept, and the minimum time that applies even on a full disk. */
  readonly retention: { readonly confirmedMs: number; readonly atLeastMs: number }
  /** Time for which the index keeps the records of a study whose files were removed. */
  readonly records: { readonly keptMs: number }
  /** age recipients in addition to the center's. */
  readonly recipients: readonly string[]
  /** The kind of key under which the names of patients are kept for `ferry study`. */
  readonly displayNames: 'credential' | 'local-key' | 'off'
  readonly statusPage: { readonly host: string; readonly port: number } | undefined
  readonly metrics: MetricsSettings
  /** By finding; a device with strict reading has stricter consequences. */
  readonly checking: CheckingSettings
  readonly commitment: CommitmentSettings
  readonly procedureSteps: ProcedureStepSettings
  readonly deidentification: DeidSettings
  /** At least one; an instance takes every route that matches. */
  readonly routes: readonly RouteSettings[]
  readonly normalization: NormalizationSettings
  /** Systems that provide orders; none = nothing of the kind is loaded. */
  readonly orders: readonly OrderSourceSettings[]
}

interface ListenerSettings {
  readonly name: string
  readonly host: string
  readonly port: number
  /** False: the port without TLS is closed. */
  readonly plain?: boolean | undefined
  /** Called AE titles that are answered; `*` in the list means any. */
  readonly aeTitles: readonly string[]
  /** The port for DICOM over TLS, if there is one. */
  readonly tls?: TlsSettings | undefined
}

/** Comparison of the instances that devices announce by MPPS with those that arrive. */
export interface ProcedureStepSettings {
  /** Time after the end of a procedure step after which announced and missing instances raise an alarm. */
  readonly patienceMs: number
}

/** Time limits for answering storage-commitment requests. */
export interface CommitmentSettings {
  /** An instance that has not arrived by then is reported as not here. */
  readonly arrivalMs: number
  /** An instance that has arrived but has no receipt by then is reported as failed. */
  readonly receiptMs: number
  /** Time for which an undelivered report is tried again. */
  readonly reportMs: number
}

/** Reads the agent's configuration; throws CONFIG_INVALID, whose message lists every problem on its own line. */
export function loadAgentSettings(path: string, language: Language = 'en'): AgentSettings {
  return settingsOf(checkAgentSettings(path), path, language)
}

/** The settings or all their problems; relative paths count from the folder of the file. */
export function checkAgentSettings(path: string, options?: CheckOptions): Checked<AgentSettings> {
  const checked = checkSettings(path, AGENT_SETTINGS, options)
  if (checked.settings === undefined) return checked
  const { settings } = checked
  const dataFolder = resolve(dirname(path), settings.dataFolder)
  const deidentification = besideFile(settings.deidentification, path)
  const listener = { ...settings.listener, tls: tlsBesideFile(settings.listener.tls, path) }
  const log = logBesideFile(settings.log, path)
  const orders = ordersBesideFile(settings.orders, path)
  const folders = foldersBesideFile(settings.folders, path)
  const whole = { ...settings, dataFolder, log, listener, folders, deidentification, orders }
  return { ...checked, settings: freezeDeep(whole) }
}

export const procedureStepsSchema = z
  .strictObject({
    wait: setting
      .duration('So long after the device has ended a step, missing instances are an alarm', '1m', '30d')
      .prefault('1h'),
  })
  .transform(({ wait }): ProcedureStepSettings => ({ patienceMs: wait }))
  .describe('MPPS: what devices announce is compared with what comes')

export const commitmentSchema = z
  .strictObject({
    arrival: setting
      .duration('An instance that has not come by then is reported as not here', '0s', '7d')
      .prefault('1h'),
    receipt: setting
      .duration('An instance without receipt by then is reported as failed', '1m', '30d')
      .prefault('3d'),
    report: setting.duration('Time for which a report is tried', '1h', '90d').prefault('7d'),
  })
  .transform(
    ({ arrival, receipt, report }): CommitmentSettings => ({
      arrivalMs: arrival,
      receiptMs: receipt,
      reportMs: report,
    }),
  )
  .describe('Storage commitment: what devices are told about their instances')

const listenerSchema = z.strictObject({
  name: setting.listenerName('Noted with every instance that comes in here').prefault('main'),
  host: setting.host('Address of this machine to listen on; 0.0.0.0 = all of them').prefault('0.0.0.0'),
  port: setting.port('DICOM port; 104 needs extra rights on Linux').prefault('11112'),
  plain: setting.onOff('Whether devices can connect without TLS').prefault('on'),
  aeTitles: z
    .array(setting.calledAeTitle('AE title'))
    .prefault(['FERRY'])
    .describe('Called AE titles that are answered; * = any'),
  tls: tlsSchema.prefault({}),
})

const limitsSchema = z.strictObject({
  instance: setting.size('The largest instance that is taken', '1MiB', '1TiB').prefault('8GiB'),
  reserve: setting
    .size('Free disk space below which nothing new is taken', '64MiB', '10TiB')
    .prefault('2GiB'),
  associations: setting.count('Associations at the same time', 1, 1000).prefault('64'),
  associationsPerPeer: setting
    .count('Associations at the same time from one address', 1, 1000)
    .prefault('32'),
  pdu: setting.size('Longest PDU that is announced to devices', '4KiB', '4MiB').prefault('128KiB'),
  idle: setting
    .duration('Time without a message after which an association is ended', '30s', '1d')
    .prefault('10m'),
})

const sendSchema = z.strictObject({
  pack: setting.size('Small instances travel together up to this size', '1MiB', '64MiB').prefault('32MiB'),
  packMembers: setting.count('Instances in one pack', 1, 10_000).prefault('1000'),
  chunk: setting.size('Largest part that is sent twice after a break', '256KiB', '64MiB').prefault('8MiB'),
  uploads: setting.count('Packs on their way at the same time', 1, 16).prefault('4'),
  bandwidth: setting.rate('Upper limit for sending').prefault('unlimited'),
  priority: z
    .array(setting.text('Name, AE title or kind of a device'))
    .prefault([])
    .describe('Devices, or kinds of devices, whose studies are sent before all others'),
})

const statusPageSchema = z.strictObject({
  enabled: setting.onOff('Whether there is a status page').prefault('on'),
  host: setting.host('127.0.0.1 = this machine only').prefault('127.0.0.1'),
  port: setting.port('Port of the page').prefault('11180'),
})

/** The file's own keys: their names have no units, since the values have them. */
const fileSchema = z
  .strictObject({
    version: setting.fileVersion('Layout of this file', 1).prefault('1'),
    dataFolder: setting
      .path('Queue, keys and sealed instances; relative = beside this file')
      .prefault('data'),
    log: logSchema.prefault({}),
    listener: listenerSchema.prefault({}),
    devices: z.array(deviceSchema).prefault([]).describe('Devices that are let in'),
    folders: foldersSchema,
    unknownDevices: setting
      .choice('Treatment of devices that are not listed', ['reject', 'accept'])
      .prefault('reject'),
    alarms: z
      .strictObject({
        deviceSilent: setting
          .duration('A listed device that has not sent an image for this long needs a person', '1h', '3650d')
          .prefault('3d'),
      })
      .prefault({}),
    limits: limitsSchema.prefault({}),
    import: importSchema.prefault({}),
    study: z
      .strictObject({
        quiet: setting
          .duration('Time without a new instance after which the study is closed', '1s', '1d')
          .prefault('60s'),
      })
      .prefault({}),
    send: sendSchema.prefault({}),
    retention: z
      .strictObject({
        confirmed: setting
          .duration('Time for which confirmed instances are kept', '0s', '3650d')
          .prefault('7d'),
        atLeast: setting
          .duration('Time for which they are kept even if the disk is full', '0s', '3650d')
          .prefault('0s'),
        records: setting
          .duration('Time for which records and receipts of removed studies are kept', '100d', '18250d')
          .prefault('400d'),
      })
      .prefault({}),
    recipients: z
      .array(setting.recipient('age recipient'))
      .prefault([])
      .describe('Further keys that can open the instances'),
    displayNames: setting
      .choice('Under which key names are kept for ferry study', ['credential', 'local-key', 'off'])
      .prefault('credential'),
    statusPage: statusPageSchema.prefault({}),
    metrics: metricsSchema('11181').prefault({}),
    checking: checkingSchema.prefault({}),
    commitment: commitmentSchema.prefault({}),
    procedureSteps: procedureStepsSchema.prefault({}),
    deidentification: deidentificationSchema.prefault({}),
    routes: routesSchema,
    normalization: normalizationSchema.prefault({}),
    orders: ordersSchema,
  })
  .describe('Ferry agent')

/** How the agent's file is checked. */
export const AGENT_SETTINGS: SettingsKind<AgentSettings> = {
  schema: fileSchema.transform(toSettings),
  repetitions: (values) => [
    ...repeatedDevices(values),
    ...repeatedFolderNames(values),
    ...repeatedDeidNames(values),
    ...repeatedNormalizationNames(values),
    ...repeatedOrderNames(values),
  ],
  crossChecks: (values) => [
    ...folderProblems(values),
    ...deidProblems(values),
    ...normalizationProblems(values),
    ...routeClashes(values),
    ...tlsProblems(values),
    ...orderProblems(values),
    ...priorityProblems(values),
  ],
  namedFiles: (values) => [
    ...tlsFiles(values),
    ...orderFiles(values),
    ...namedFilesAt(values, ['deidentification', 'projectKeyFile']),
  ],
}

function toSettings(file: z.output<typeof fileSchema>): AgentSettings {
  const { limits, send, statusPage } = file
  return {
    dataFolder: file.dataFolder,
    log: file.log,
    listener: file.listener,
    devices: file.devices,
    folders: file.folders,
    unknownDevices: file.unknownDevices,
    alarms: { deviceSilentMs: file.alarms.deviceSilent },
    limits: {
      instanceBytes: limits.instance,
      reserveBytes: limits.reserve,
      associations: limits.associations,
      associationsPerPeer: limits.associationsPerPeer,
      pduBytes: limits.pdu,
      idleMs: limits.idle,
    },
    import: file.import,
    study: { quietMs: file.study.quiet },
    send: {
      packBytes: send.pack,
      packMembers: send.packMembers,
      chunkBytes: send.chunk,
      uploads: send.uploads,
      priority: send.priority,
      ...(Number.isFinite(send.bandwidth) && { bandwidthBytesPerSecond: send.bandwidth }),
    },
    retention: { confirmedMs: file.retention.confirmed, atLeastMs: file.retention.atLeast },
    records: { keptMs: file.retention.records },
    recipients: file.recipients,
    displayNames: file.displayNames,
    statusPage: statusPage.enabled ? { host: statusPage.host, port: statusPage.port } : undefined,
    metrics: file.metrics,
    checking: file.checking,
    commitment: file.commitment,
    procedureSteps: file.procedureSteps,
    deidentification: { projectKeyFile: undefined, ...file.deidentification },
    routes: file.routes.length === 0 ? [IDENTIFIED_ROUTE] : file.routes,
    normalization: file.normalization,
    orders: file.orders,
  }
}
