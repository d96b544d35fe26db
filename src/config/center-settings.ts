import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import {
  type Checked,
  type CheckOptions,
  checkSettings,
  freezeDeep,
  type SettingsKind,
  settingsOf,
} from './checks/check-settings.ts'
import { namedFilesAt } from './checks/named-files.ts'
import { type LogSettings, logBesideFile, logSchema } from './log-settings.ts'
import {
  type MessageSettings,
  messageFiles,
  messageProblems,
  messagesBesideFile,
  messagesSchema,
  repeatedTargetNames,
} from './message-settings.ts'
import { type MetricsSettings, metricsSchema } from './metrics-settings.ts'
import * as setting from './setting/setting.ts'
import type { Language } from './yaml/problem-words.ts'

/** All settings of the receiver in the imaging center; config/center.example.yaml explains each. */
export interface CenterSettings {
  /** Absolute. */
  readonly dataFolder: string
  /** The center's name as clinics see it, such as "Jinping imaging center". */
  readonly name: string
  readonly log: LogSettings
  readonly listen: { readonly host: string; readonly port: number }
  readonly metrics: MetricsSettings
  /** The page for people with an account; undefined = none. By TLS, except on this machine's own address. */
  readonly page: { readonly host: string; readonly port: number } | undefined
  /**
   * The address where agents reach this receiver: https://host:port, without a slash at the end. Join codes contain it.
   */
  readonly publicUrl: string
  /** The operator's own certificate; undefined means the one that the center made for itself. Absolute paths. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined
  readonly limits: {
    readonly packBytes: number
    /** Free disk space into which nothing that agents send is written. */
    readonly reserveBytes: number
    /** Time after which an unfinished upload is dropped. */
    readonly lifeMs: number
    /** Size of the file that is released when the disk is full; 0 = none. */
    readonly ballastBytes: number
    /** Open uploads of one agent, and their bytes. */
    readonly agentUploads: number
    readonly agentBytes: number
    /** Maximum growth of the register caused by one agent in an hour. */
    readonly agentRecordBytes: number
  }
  /** Stored files are read again and compared: the rate, and the pause between two passes. */
  readonly scrub: { readonly bytesPerSecond: number; readonly everyMs: number }
  /** Times after which `ferry-center status` says that a person is needed. */
  readonly alarms: {
    readonly agentSilentMs: number
    readonly pacsAwayMs: number
    readonly agentStuckMs: number
    readonly clockOffMs: number
  }
  readonly messages: MessageSettings
  /** The PACS that instances are handed on to; undefined = the center only stores. */
  readonly pacs: PacsSettings | undefined
}

/** Paths are absolute. */
interface PacsSettings {
  /** The DICOMweb service; `/studies` is added (STOW-RS, PS3.18 §10.5). */
  readonly url: string
  readonly username?: string
  /** Its first line is the password. */
  readonly passwordFile?: string
  readonly tokenFile?: string
  /** PEM certificates to trust in addition to the system's. */
  readonly caFile?: string
  /** The address where it returns its copies (WADO-RS, PS3.18 §10.4); `url` by default. */
  readonly wadoUrl?: string
  readonly timeoutMs: number
  /** Policies of envelopes whose copies this PACS gets; `deidentified:*` = those of every profile. */
  readonly policies: readonly string[]
  /** Instances with a wrong length before their UIDs: held for an operator, or handed on. */
  readonly secondReadings: 'hold' | 'hand-on'
}

/** Reads the center's configuration; throws CONFIG_INVALID, whose message lists every problem on a line of its own. */
export function loadCenterSettings(
  path: string,
  language: Language = 'en',
  options?: CheckOptions,
): CenterSettings {
  return settingsOf(checkCenterSettings(path, options), path, language)
}

/** The settings or all their problems; relative paths count from the folder of the file. */
export function checkCenterSettings(path: string, options?: CheckOptions): Checked<CenterSettings> {
  const checked = checkSettings(path, CENTER_SETTINGS, options)
  if (checked.settings === undefined) return checked
  const { dataFolder, tls, pacs } = checked.settings
  const absolute = (name: string): string => resolve(dirname(path), name)
  const settings: CenterSettings = {
    ...checked.settings,
    dataFolder: absolute(dataFolder),
    log: logBesideFile(checked.settings.log, path),
    messages: messagesBesideFile(checked.settings.messages, path),
    tls: tls && { certificateFile: absolute(tls.certificateFile), keyFile: absolute(tls.keyFile) },
    pacs: pacs && {
      ...pacs,
      ...(pacs.passwordFile && { passwordFile: absolute(pacs.passwordFile) }),
      ...(pacs.tokenFile && { tokenFile: absolute(pacs.tokenFile) }),
      ...(pacs.caFile && { caFile: absolute(pacs.caFile) }),
    },
  }
  return { ...checked, settings: freezeDeep(settings) }
}

const limitsSchema = z.strictObject({
  pack: setting.size('The largest pack or single instance that is taken', '64MiB', '1TiB').prefault('16GiB'),
  reserve: setting
    .size('Free disk space below which nothing new is taken', '64MiB', '10TiB')
    .prefault('10GiB'),
  life: setting.duration('Time after which an unfinished upload is deleted', '1h', '365d').prefault('7d'),
  ballast: setting
    .size(
      'A file that is given up when the disk is full, so that the center still works; 0B = none',
      '0B',
      '10GiB',
    )
    .prefault('64MiB'),
  agentUploads: setting.count('Uploads that one agent may have open at a time', 16, 10_000).prefault('64'),
  agentBytes: setting
    .size('Bytes that one agent may have in open uploads; a single upload may be larger', '64MiB', '10TiB')
    .prefault('64GiB'),
  agentRecords: setting
    .size('Manifests and announcements that are taken from one agent in an hour', '1MiB', '1TiB')
    .prefault('256MiB'),
})

const scrubSchema = z.strictObject({
  rate: setting.rate('Stored files are read again and compared, at most so fast').prefault('8MiB/s'),
  every: setting.duration('From the end of one such pass to the next', '1h', '365d').prefault('1d'),
})

const alarmsSchema = z.strictObject({
  agentSilent: setting
    .duration('An approved agent that has not been in contact for this long needs a person', '1h', '365d')
    .prefault('1d'),
  agentStuck: setting
    .duration('An agent with an instance that has had no receipt for this long needs a person', '10m', '365d')
    .prefault('12h'),
  clockOff: setting
    .duration('Clocks of an agent and of the center that differ by more need a person', '10s', '1h')
    .prefault('1m'),
  pacsAway: setting
    .duration('A PACS that has been out of reach for this long needs a person', '1m', '365d')
    .prefault('1h'),
})

const pageSchema = z.strictObject({
  enabled: setting.onOff('Whether there is a page for people with an account').prefault('on'),
  host: setting
    .host('127.0.0.1 = this machine only; other addresses are served by TLS')
    .prefault('127.0.0.1'),
  port: setting.port('Port of the page').prefault('8445'),
})

const tlsSchema = z
  .strictObject({
    certificateFile: setting.path('PEM certificate, with its chain'),
    keyFile: setting.path('PEM private key'),
  })
  .describe('A certificate of your own; leave it out to use the one that the center makes')

const pacsSchema = z
  .strictObject({
    url: setting.httpUrl('DICOMweb service of the PACS, such as http://pacs:8042/dicom-web'),
    wadoUrl: setting
      .httpUrl('DICOMweb service that gives the copies of the PACS out (WADO-RS); left out = url')
      .optional(),
    username: setting.text('User name for it').optional(),
    passwordFile: setting.path('File whose first line is the password').optional(),
    tokenFile: setting.path('File with a bearer token; read again for every request').optional(),
    caFile: setting.path('PEM certificates to trust in addition to those of the system').optional(),
    timeout: setting
      .duration('Time without progress after which a request is broken off', '5s', '1h')
      .prefault('2m'),
    policies: z
      .array(setting.copyPolicy('identified, normalized, deidentified:NAME or deidentified:*'))
      .prefault(['identified', 'normalized'])
      .describe('Which copies the PACS gets; the others are stored only'),
    secondReadings: setting
      .choice('Instances with a wrong length before their UIDs: held for an operator, or handed on', [
        'hold',
        'hand-on',
      ])
      .prefault('hold'),
  })
  .describe('PACS that instances are handed on to; leave it out to store only')

const fileSchema = z
  .strictObject({
    version: setting.fileVersion('Layout of this file', 1).prefault('1'),
    dataFolder: setting
      .path('Keys, register, packs, instances; relative = beside this file')
      .prefault('center-data'),
    name: setting.text('Name of the center as clinics see it'),
    log: logSchema.prefault({}),
    listen: z
      .strictObject({
        host: setting.host('Address of this machine; 0.0.0.0 = all of them').prefault('0.0.0.0'),
        port: setting.port('HTTPS port').prefault('8443'),
      })
      .prefault({}),
    metrics: metricsSchema('8444').prefault({}),
    page: pageSchema.prefault({}),
    publicUrl: setting.httpsUrl('Address at which agents reach this receiver; join codes contain it'),
    tls: tlsSchema.optional(),
    limits: limitsSchema.prefault({}),
    scrub: scrubSchema.prefault({}),
    alarms: alarmsSchema.prefault({}),
    messages: messagesSchema.prefault({}),
    pacs: pacsSchema.optional(),
  })
  .describe('Ferry center')

/** How the center's file is checked. */
export const CENTER_SETTINGS: SettingsKind<CenterSettings> = {
  schema: fileSchema.transform(toSettings),
  repetitions: repeatedTargetNames,
  crossChecks: messageProblems,
  namedFiles: (values) => [
    ...messageFiles(values),
    ...[
      ['tls', 'certificateFile'],
      ['tls', 'keyFile'],
      ['pacs', 'passwordFile'],
      ['pacs', 'tokenFile'],
      ['pacs', 'caFile'],
    ].flatMap((path) => namedFilesAt(values, path)),
  ],
}

function toSettings(file: z.output<typeof fileSchema>): CenterSettings {
  const { dataFolder, name, log, listen, metrics, page, publicUrl, tls, limits, scrub, alarms } = file
  const { messages, pacs } = file
  return {
    dataFolder,
    name,
    log,
    listen,
    metrics,
    page: page.enabled ? { host: page.host, port: page.port } : undefined,
    publicUrl,
    tls,
    limits: {
      packBytes: limits.pack,
      reserveBytes: limits.reserve,
      lifeMs: limits.life,
      ballastBytes: limits.ballast,
      agentUploads: limits.agentUploads,
      agentBytes: limits.agentBytes,
      agentRecordBytes: limits.agentRecords,
    },
    scrub: { bytesPerSecond: scrub.rate, everyMs: scrub.every },
    alarms: {
      agentSilentMs: alarms.agentSilent,
      pacsAwayMs: alarms.pacsAway,
      agentStuckMs: alarms.agentStuck,
      clockOffMs: alarms.clockOff,
    },
    messages,
    pacs: pacs && {
      url: pacs.url,
      ...(pacs.wadoUrl && { wadoUrl: pacs.wadoUrl }),
      ...(pacs.username && { username: pacs.username }),
      ...(pacs.passwordFile && { passwordFile: pacs.passwordFile }),
      ...(pacs.tokenFile && { tokenFile: pacs.tokenFile }),
      ...(pacs.caFile && { caFile: pacs.caFile }),
      timeoutMs: pacs.timeout,
      policies: pacs.policies,
      secondReadings: pacs.secondReadings,
    },
  }
}
