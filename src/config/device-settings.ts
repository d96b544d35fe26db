import { z } from 'zod'
import { TRANSFER_SYNTAX } from '../dicom/vocabulary/transfer-syntax.ts'
import { isUid } from '../dicom/vocabulary/uid.ts'
import * as setting from './setting/setting.ts'
import { nearestWord } from './yaml/nearest-word.ts'

/** An accepted device. Rules for its instances are under `normalization` and name it. */
export interface DeviceSettings {
  readonly name: string
  readonly aeTitle: string
  /** IPv4, IPv6 or CIDR; none = the device may call from anywhere. */
  readonly addresses: readonly string[]
  /** CT, MR, DR, US, …: for people. */
  readonly kind?: string | undefined
  readonly room?: string | undefined
  /** Called AE titles that are answered for this device in addition to the listener's. */
  readonly calledAeTitles?: readonly string[] | undefined
  /** `required`: the device is accepted by TLS only. Undefined: at either port. */
  readonly tls?: 'optional' | 'required' | undefined
  /** The certificate that it must show by TLS: a name in it, or its SHA-256 in hex. */
  readonly certificate?: string | undefined
  /** The address where it listens itself, for C-ECHO and for reports of storage commitment. */
  readonly dicom?: DeviceAddress | undefined
  /** True if it announces its instances by MPPS; these are compared with those that arrive. */
  readonly procedureSteps?: boolean | undefined
  /** Time without an image after which it counts as silent; undefined: `alarms.deviceSilent`. */
  readonly silentAfterMs?: number | undefined
  readonly quirks?: DeviceQuirks | undefined
}

interface DeviceAddress {
  readonly host: string
  readonly port: number
  /** Undefined: its calling AE title. */
  readonly aeTitle?: string | undefined
  /** It listens by DICOM over TLS; the certificates are those of `listener.tls`. */
  readonly tls?: boolean | undefined
}

/** Exceptions for one device. None of them changes a byte that the device sent. */
interface DeviceQuirks {
  /** UIDs; if the device offers any of these, the first of them is taken. */
  readonly transferSyntaxes?: readonly string[] | undefined
  /** The longest PDU announced to it. */
  readonly pduBytes?: number | undefined
  /** The real character set of its text, regardless of its declaration: for display. */
  readonly characterSet?: string | undefined
  readonly instanceBytes?: number | undefined
  /** `strict`: an unreadable instance is refused. */
  readonly reading?: 'lenient' | 'strict' | undefined
}

/** Defined terms of Specific Character Set (PS3.3 §C.12.1.1.2). */
export const CHARACTER_SETS = [
  'ISO_IR 6',
  'ISO_IR 100',
  'ISO_IR 101',
  'ISO_IR 109',
  'ISO_IR 110',
  'ISO_IR 144',
  'ISO_IR 127',
  'ISO_IR 126',
  'ISO_IR 138',
  'ISO_IR 148',
  'ISO_IR 166',
  'ISO_IR 13',
  'ISO_IR 192',
  'GB18030',
  'GBK',
  'ISO 2022 IR 58',
  'ISO 2022 IR 87',
  'ISO 2022 IR 149',
  'ISO 2022 IR 159',
] as const

const SYNTAX_NAMES = Object.keys(TRANSFER_SYNTAX)
const SYNTAXES: ReadonlyMap<string, string> = new Map(Object.entries(TRANSFER_SYNTAX))

/** By the standard's keyword, or by UID. */
const transferSyntax = (reason: string): setting.Setting<string> =>
  setting.setting(
    { what: 'choice', choices: SYNTAX_NAMES },
    reason,
    { type: 'string' },
    (value) => SYNTAXES.get(value) ?? (value.includes('.') && isUid(value) ? value : undefined),
    (value) => nearestWord(value, SYNTAX_NAMES),
  )

const kind = (reason: string): setting.Setting<string> =>
  setting.setting({ what: 'modality' }, reason, { type: 'string', pattern: '^[A-Z0-9]{2,16}$' }, (value) =>
    /^[A-Z0-9]{2,16}$/.test(value) ? value : undefined,
  )

const quirksSchema = z
  .strictObject({
    transferSyntaxes: z
      .array(transferSyntax('Transfer syntax: keyword or UID'))
      .optional()
      .describe('Taken before others where the device offers them, in this order'),
    pdu: setting.size('Longest PDU that is announced to it', '4KiB', '4MiB').optional(),
    characterSet: setting
      .choice('Real character set of its text, for display; no byte is changed', CHARACTER_SETS)
      .optional(),
    instance: setting.size('The largest instance that is taken from it', '1MiB', '1TiB').optional(),
    reading: setting.choice('strict = what cannot be read is refused', ['lenient', 'strict']).optional(),
  })
  .transform(
    ({ pdu, instance, ...rest }): DeviceQuirks => ({
      ...rest,
      ...(pdu !== undefined && { pduBytes: pdu }),
      ...(instance !== undefined && { instanceBytes: instance }),
    }),
  )

const addressSchema = z.strictObject({
  host: setting.host('Address at which the device listens'),
  port: setting.port('Port at which it listens').prefault('104'),
  aeTitle: setting.aeTitle('Its AE title there; left out = as it calls itself').optional(),
  tls: setting
    .onOff('Whether it listens by DICOM over TLS, with the certificates of listener.tls')
    .optional(),
})

export const deviceSchema = z
  .strictObject({
    name: setting.text('Name of the device for people'),
    aeTitle: setting.aeTitle('Calling AE title that the device is set to'),
    addresses: z
      .array(setting.network('Address or network'))
      .prefault([])
      .describe('Addresses that it may call from; none = anywhere'),
    kind: kind('CT, MR, DR, US, …: what people call this kind of device').optional(),
    room: setting.text('Room of the device').optional(),
    calledAeTitles: z
      .array(setting.aeTitle('AE title'))
      .optional()
      .describe("Called AE titles that are answered for this device in addition to the listener's"),
    tls: setting
      .choice('required = the device is let in by TLS only; optional = at either port', [
        'optional',
        'required',
      ])
      .optional(),
    certificate: setting
      .text('The certificate that it must show by TLS: a name in it (CN, DNS, IP), or its SHA-256')
      .optional(),
    dicom: addressSchema.optional().describe('Where the device itself listens'),
    procedureSteps: setting
      .onOff('Whether it announces by MPPS what it made, to be compared with what came')
      .optional(),
    silentAfter: setting
      .duration(
        'Time without an image after which it counts as silent; left out = alarms.deviceSilent',
        '1h',
        '3650d',
      )
      .optional(),
    quirks: quirksSchema.optional().describe('Exceptions for this device'),
  })
  .transform(
    ({ silentAfter, ...rest }): DeviceSettings => ({
      ...rest,
      ...(silentAfter !== undefined && { silentAfterMs: silentAfter }),
    }),
  )
