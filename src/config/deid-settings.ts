import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { PathPattern } from '../dicom/edit/element-path.ts'
import {
  CONFIDENTIALITY_OPTIONS,
  type ConfidentialityOption,
} from '../dicom/vocabulary/confidentiality-options.ts'
import {
  type ConditionSettings,
  condition,
  conditionKeys,
  elementPath,
  privateBlock,
  type RegionSettings,
  region,
  ruleName,
  toCondition,
} from './setting/rule-setting.ts'
import * as setting from './setting/setting.ts'

const DEID_ACTIONS = ['keep', 'remove', 'empty', 'replace', 'shift-date', 'replace-uid', 'scrub'] as const

/** Settings that the agent hands to its de-identification, whose own types they fit. */
export interface DeidSettings {
  /** Absolute; always set if there is a profile. */
  readonly projectKeyFile: string | undefined
  /** age recipient that the linking table is sealed to; undefined = there is none. */
  readonly linkingRecipient?: string | undefined
  readonly profiles: readonly DeidProfileSettings[]
}

interface DeidProfileSettings {
  readonly name: string
  readonly keyGroup?: string | undefined
  readonly options: ReadonlySet<ConfidentialityOption>
  readonly rules: readonly (PathPattern & {
    readonly action: (typeof DEID_ACTIONS)[number]
    readonly value?: string | undefined
    readonly when?: ConditionSettings | undefined
  })[]
  readonly safePrivate: readonly { group: number; creator: string; elements: readonly number[] }[]
  readonly pixels: readonly {
    readonly when: ConditionSettings & {
      readonly rows?: number | undefined
      readonly columns?: number | undefined
      readonly burnedInAnnotation?: 'YES' | 'NO' | '' | undefined
    }
    readonly regions: readonly RegionSettings[]
  }[]
  readonly capAges: boolean
  readonly passDocuments: boolean
}

/** A route of instances. An instance that matches several routes takes all of them, with a sealed copy each. */
export interface RouteSettings {
  readonly name: string
  readonly when?: ConditionSettings | undefined
  /** Undefined: with identity, as the device sent it. */
  readonly profile: string | undefined
}

/** Without routes, everything is sent with identity. */
export const IDENTIFIED_ROUTE: RouteSettings = { name: 'identified', profile: undefined }

/** Relative names are relative to the folder of the configuration. */
export function besideFile({ projectKeyFile, ...rest }: DeidSettings, configPath: string): DeidSettings {
  return { ...rest, projectKeyFile: projectKeyFile && resolve(dirname(configPath), projectKeyFile) }
}

const ruleSchema = z
  .strictObject({
    path: elementPath('Keyword, tag, or a path of them; "**/" in front = anywhere'),
    action: setting.choice('Action for the element', DEID_ACTIONS),
    value: setting.text('For action: replace').optional(),
    when: condition.optional(),
  })
  .transform(({ path, when, ...rest }) => ({ ...path, ...rest, ...(when && { when: toCondition(when) }) }))

const pixelSchema = z
  .strictObject({
    when: z
      .strictObject({
        ...conditionKeys,
        rows: setting.count('Rows of the image', 1, 65_535).optional(),
        columns: setting.count('Columns of the image', 1, 65_535).optional(),
        burnedInAnnotation: setting
          .choice('Value in the image itself; none = absent', ['YES', 'NO', 'none'])
          .optional(),
      })
      .describe('All that is given must hold'),
    regions: z
      .array(region('[column, row, width, height]'))
      .describe('Rectangles that are blackened; none = a person has looked, there is no identity'),
  })
  .transform(({ when: { burnedInAnnotation: said, ...when }, regions }) => {
    const burnedInAnnotation = said === 'none' ? ('' as const) : said
    return { when: { ...toCondition(when), burnedInAnnotation }, regions }
  })

const profileSchema = z
  .strictObject({
    name: ruleName('Name in routes, audit records and commands'),
    keyGroup: ruleName(
      'Profiles of one key group make the same pseudonyms, UIDs and date shifts, so their copies can be joined; left out = the name',
    ).optional(),
    options: z
      .array(setting.choice('Option of PS3.15 annex E', CONFIDENTIALITY_OPTIONS))
      .prefault([])
      .describe('Options of PS3.15 §E.3; none = the Basic Profile alone'),
    capAges: setting.onOff('Ages over 89 years become 90').prefault('off'),
    passDocuments: setting
      .onOff('Documents (PDF, CDA, …) and pixel data in unknown forms leave although they cannot be cleaned')
      .prefault('off'),
    safePrivate: z
      .array(privateBlock('Private element without identity'))
      .prefault([])
      .describe('Private elements that option retain-safe-private keeps'),
    rules: z
      .array(ruleSchema)
      .prefault([])
      .describe('Own rules; the first that fits goes before the standard'),
    pixels: z.array(pixelSchema).prefault([]).describe('Burned-in identity; the first that fits'),
  })
  .transform(({ options, ...rest }) => ({ ...rest, options: new Set(options) }))

export const deidentificationSchema = z
  .strictObject({
    projectKeyFile: setting
      .path('Key that pseudonyms, UIDs and date shifts are made from: ferry deid key FILE')
      .optional(),
    linkingRecipient: setting
      .recipient('Recovery key that the linking table is sealed to; left out = there is none')
      .optional(),
    profiles: z.array(profileSchema).prefault([]).describe('Ways to take identity out'),
  })
  .describe('De-identification, PS3.15 annex E')

export const routesSchema = z
  .array(
    z
      .strictObject({
        name: ruleName('Name in audit records and normalization rules'),
        when: condition.optional(),
        identified: setting.onOff('With identity, as the device sent it').optional(),
        profile: ruleName('Name of the profile that takes the identity out').optional(),
      })
      .transform(({ when, profile, name }) => ({
        name,
        profile,
        ...(when && { when: toCondition(when) }),
      })),
  )
  .prefault([])
  .describe('Ways that instances take; none = everything goes with identity')
