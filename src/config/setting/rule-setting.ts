import { z } from 'zod'
import type { PathPattern } from '../../dicom/edit/element-path.ts'
import { SOP_CLASS_NAMES } from '../../dicom/vocabulary/sop-class-table.ts'
import { isUid } from '../../dicom/vocabulary/uid.ts'
import { isWrittenAsText } from '../../dicom/vocabulary/value-form.ts'
import type { Expected } from '../yaml/expected.ts'
import { nearestWord } from '../yaml/nearest-word.ts'
import { nearestPath, parseRulePath, vrAt } from './rule-paths.ts'
import { type Setting, setting, text } from './setting.ts'

/** A rectangle of pixels: column and row of its upper left corner, its width and height. */
export interface RegionSettings {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** All given conditions must hold. */
export interface ConditionSettings {
  /** The device's name or calling AE title. */
  readonly device?: string | undefined
  readonly modality?: string | undefined
  readonly sopClassUid?: string | undefined
}

/** A name in envelopes, audit records and commands. */
export const ruleName = (reason: string): Setting<string> =>
  setting({ what: 'ruleName' }, reason, { type: 'string', pattern: '^[a-z0-9-]{1,32}$' }, (value) =>
    /^[a-z0-9-]{1,32}$/.test(value) ? value : undefined,
  )

export const elementPath = (reason: string): Setting<PathPattern> =>
  setting({ what: 'elementPath' }, reason, { type: 'string' }, parseRulePath, nearestPath)

/** An element into which text can be written. */
export const textPath = (reason: string): Setting<PathPattern> =>
  setting({ what: 'textPath' }, reason, { type: 'string' }, parseTextPath, nearestPath)

/** One element of a private block. */
export const privateBlock = (
  reason: string,
): Setting<{ group: number; creator: string; elements: readonly number[] }> =>
  setting({ what: 'privateBlock' }, reason, { type: 'string' }, (value) => {
    const parts = /^\(([0-9a-f]{4}),"([^"]+)",([0-9a-f]{2})\)$/i.exec(value)
    const group = Number.parseInt(parts?.[1] ?? '', 16)
    if (parts === null || group % 2 === 0) return undefined
    return { group, creator: parts[2]?.trim() ?? '', elements: [Number.parseInt(parts[3] ?? '', 16)] }
  })

/** By UID, or by the standard's keyword: its name without characters other than letters and digits. */
const sopClass = (reason: string): Setting<string> =>
  setting({ what: 'sopClass' }, reason, { type: 'string' }, sopClassUidOf, (value) =>
    nearestWord(value, Array.from(sopClasses().keys())),
  )

/** The UID of a SOP class that is given by UID or by the standard's keyword; undefined if it is neither. */
export function sopClassUidOf(value: string): string | undefined {
  return isUid(value) && value.includes('.') ? value : sopClasses().get(value)
}

const modality = (reason: string): Setting<string> =>
  setting({ what: 'modality' }, reason, { type: 'string', pattern: '^[A-Z0-9_]{1,16}$' }, (value) =>
    /^[A-Z0-9_]{1,16}$/.test(value) ? value : undefined,
  )

/** The keys that every condition may have. */
export const conditionKeys = {
  device: text("The device's name or calling AE title").optional(),
  modality: modality('Modality, such as CT').optional(),
  sopClass: sopClass('SOP class, by UID or by its name such as CTImageStorage').optional(),
}

export const condition = z.strictObject(conditionKeys).describe('All that is given must hold')

/** In the form that the agent uses: the SOP class by its UID. */
export function toCondition<Condition extends { readonly sopClass?: string | undefined }>({
  sopClass: sopClassUid,
  ...rest
}: Condition): Omit<Condition, 'sopClass'> & { readonly sopClassUid: string | undefined } {
  return { ...rest, sopClassUid }
}

export const region = (reason: string): z.ZodType<RegionSettings> =>
  z
    .unknown()
    .transform((value, context): RegionSettings => {
      const numbers = Array.isArray(value) ? value.map(wholeNumber) : []
      const [x, y, width, height, ...rest] = numbers
      if (rest.length === 0 && x !== undefined && y !== undefined && width && height)
        return { x, y, width, height }
      const expected: Expected = { what: 'region' }
      context.addIssue({ code: 'custom', params: { expected } })
      return z.NEVER
    })
    .meta({
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      minItems: 4,
      maxItems: 4,
      description: reason,
    })

function parseTextPath(value: string): PathPattern | undefined {
  const pattern = parseRulePath(value)
  return pattern !== undefined && isWrittenAsText(vrAt(pattern) ?? '') ? pattern : undefined
}

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : undefined

const sopClasses = (): Map<string, string> =>
  new Map(Array.from(SOP_CLASS_NAMES, ([uid, name]) => [name.replaceAll(/[^A-Za-z0-9]/g, ''), uid]))
