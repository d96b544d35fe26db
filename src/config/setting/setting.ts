import { isIP } from 'node:net'
import { z } from 'zod'
import type { Expected } from '../yaml/expected.ts'
import { parseDuration, parseRate, parseSize } from '../yaml/quantity.ts'
import { aeTitleFault } from './ae-title-fault.ts'

/**
 * The kinds of settings. Each takes the text in the file (so that an AE title 0123 or 1E5 is kept) and returns the
 * checked value, or an issue with the expected form. `reason` is one line for editors and the JSON Schema.
 */
export type Setting<Value> = z.ZodPipe<z.ZodUnknown, z.ZodTransform<Value>>

/** The JSON Schema type of a kind of setting. */
type JsonType = Readonly<Record<string, unknown>>

export const text = (reason: string): Setting<string> =>
  setting({ what: 'text' }, reason, { type: 'string', minLength: 1, maxLength: 100 }, (value) =>
    value.trim() !== '' && value.length <= 100 ? value.trim() : undefined,
  )

/** Becomes part of every envelope that this listener fills. */
export const listenerName = (reason: string): Setting<string> =>
  setting({ what: 'listenerName' }, reason, { type: 'string', pattern: '^[a-z0-9-]{1,32}$' }, (value) =>
    /^[a-z0-9-]{1,32}$/.test(value) ? value : undefined,
  )

/** PS3.5 §6.2, AE: 1 to 16 characters of the default repertoire without backslash and control characters, not all spaces. */
export const aeTitle = (reason: string): Setting<string> =>
  setting({ what: 'aeTitle' }, reason, { type: ['string', 'number'] }, parseAeTitle)

/** An AE title, or `*` for any. */
export const calledAeTitle = (reason: string): Setting<string> =>
  setting({ what: 'calledAeTitle' }, reason, { type: ['string', 'number'] }, parseAeTitle)

/** The treatment of a copy: an envelope's `policy`, or `deidentified:*` for the copies of every profile. */
export const copyPolicy = (reason: string): Setting<string> =>
  setting({ what: 'copyPolicy' }, reason, { type: 'string' }, (value) =>
    /^(identified|normalized|deidentified:([a-z0-9-]{1,32}|\*))$/.test(value) ? value : undefined,
  )

export const port = (reason: string): Setting<number> =>
  setting({ what: 'port' }, reason, { type: 'integer', minimum: 1, maximum: 65535 }, (value) =>
    wholeNumber(value, 1, 65535),
  )

export const count = (reason: string, min: number, max: number): Setting<number> =>
  setting(
    { what: 'count', min: String(min), max: String(max) },
    reason,
    { type: 'integer', minimum: min, maximum: max },
    (value) => wholeNumber(value, min, max),
  )

export const duration = (reason: string, min: string, max: string): Setting<number> =>
  setting({ what: 'duration', min, max }, reason, { type: 'string' }, (value) =>
    between(parseDuration(min), parseDuration(value), parseDuration(max)),
  )

export const size = (reason: string, min: string, max: string): Setting<number> =>
  setting({ what: 'size', min, max }, reason, { type: 'string' }, (value) =>
    between(parseSize(min), parseSize(value), parseSize(max)),
  )

/** Bytes a second; Infinity for `unlimited`. */
export const rate = (reason: string): Setting<number> =>
  setting({ what: 'rate' }, reason, { type: 'string' }, (value) =>
    value === 'unlimited' ? Infinity : between(1024, parseRate(value), 1e12),
  )

/** An address of this machine to listen on, or a name for it. */
export const host = (reason: string): Setting<string> =>
  setting({ what: 'host' }, reason, { type: 'string' }, (value) =>
    isIP(value) !== 0 || isHostName(value) ? value : undefined,
  )

/** An IPv4 or IPv6 address, or a block of them as CIDR. */
export const network = (reason: string): Setting<string> =>
  setting({ what: 'network' }, reason, { type: 'string' }, (value) => (isNetwork(value) ? value : undefined))

export const path = (reason: string): Setting<string> =>
  setting({ what: 'path' }, reason, { type: 'string' }, (value) =>
    value !== '' && !value.includes('\0') ? value : undefined,
  )

export const httpsUrl = (reason: string): Setting<string> =>
  setting({ what: 'httpsUrl' }, reason, { type: 'string', format: 'uri' }, (value) =>
    parseUrl(value, ['https:']),
  )

export const httpUrl = (reason: string): Setting<string> =>
  setting({ what: 'httpUrl' }, reason, { type: 'string', format: 'uri' }, (value) =>
    parseUrl(value, ['http:', 'https:']),
  )

/** The form of an age X25519 recipient; the sealing code checks its check sum. */
export const recipient = (reason: string): Setting<string> =>
  setting({ what: 'recipient' }, reason, { type: 'string', pattern: '^age1[a-z0-9]{58}$' }, (value) =>
    /^age1[ac-hj-np-z02-9]{58}$/.test(value) ? value : undefined,
  )

export function choice<const Choice extends string>(
  reason: string,
  choices: readonly Choice[],
): Setting<Choice> {
  return setting({ what: 'choice', choices }, reason, { enum: choices }, (value) =>
    choices.find((one) => one === value),
  )
}

/** `on` or `off`, and other words that people write for it. */
export const onOff = (reason: string): Setting<boolean> =>
  setting(
    { what: 'choice', choices: ['on', 'off'] },
    reason,
    { enum: ['on', 'off', true, false] },
    (value) =>
      ['on', 'yes', 'true'].includes(value)
        ? true
        : ['off', 'no', 'false'].includes(value)
          ? false
          : undefined,
  )

/** The layout of the file. A layout of a newer program is reported as that, not as a mistake. */
export const fileVersion = (reason: string, current: number): z.ZodType<number> =>
  z
    .unknown()
    .transform((value, context): number => {
      if (value === String(current)) return current
      const newer = typeof value === 'string' && /^\d{1,6}$/.test(value) && Number(value) > current
      const expected: Expected = { what: 'choice', choices: [String(current)] }
      context.addIssue({ code: 'custom', params: { expected, newer } })
      return z.NEVER
    })
    .meta({ const: current, description: reason })

/** Makes a kind for one section; `nearest` finds the right word for a wrong value. */
export function setting<Value>(
  expected: Expected,
  reason: string,
  json: JsonType,
  parse: (value: string) => Value | undefined,
  nearest?: (value: string) => string | undefined,
): Setting<Value> {
  return z
    .unknown()
    .transform((value, context): Value => {
      const parsed = typeof value === 'string' ? parse(value) : undefined
      if (parsed !== undefined) return parsed
      context.addIssue({ code: 'custom', params: { expected, nearest } })
      return z.NEVER
    })
    .meta({ ...json, description: reason })
}

function parseAeTitle(value: string): string | undefined {
  const trimmed = value.trim()
  return aeTitleFault(trimmed) === undefined ? trimmed : undefined
}

function wholeNumber(value: string, min: number, max: number): number | undefined {
  return /^\d{1,15}$/.test(value) ? between(min, Number(value), max) : undefined
}

function between(min = 0, value = Number.NaN, max = Infinity): number | undefined {
  return value >= min && value <= max ? value : undefined
}

/** RFC 1123 §2.1. All digits and dots is a mistyped address, not a name. */
function isHostName(value: string): boolean {
  return (
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(value) &&
    !/^[\d.]+$/.test(value)
  )
}

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
}

function parseUrl(value: string, protocols: readonly string[]): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const plain = url !== undefined && url.username === '' && url.password === '' && url.hash === ''
  return plain && protocols.includes(url.protocol) ? value.replace(/\/+$/, '') : undefined
}
