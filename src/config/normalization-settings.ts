import { z } from 'zod'
import type { PathPattern } from '../dicom/edit/element-path.ts'
import { TAG } from '../dicom/vocabulary/tag.ts'
import {
  type ConditionSettings,
  conditionKeys,
  elementPath,
  ruleName,
  textPath,
  toCondition,
} from './setting/rule-setting.ts'
import * as setting from './setting/setting.ts'

/** Character sets by their defined terms (PS3.3 §C.12.1.1.2), as Specific Character Set contains them. */
const CHARACTER_SETS = [
  'ISO_IR 100',
  'ISO_IR 101',
  'ISO_IR 109',
  'ISO_IR 110',
  'ISO_IR 126',
  'ISO_IR 127',
  'ISO_IR 13',
  'ISO_IR 138',
  'ISO_IR 144',
  'ISO_IR 148',
  'ISO_IR 166',
  'ISO_IR 192',
  'ISO_IR 203',
  'GB18030',
  'GBK',
  '\\ISO 2022 IR 58',
  '\\ISO 2022 IR 87',
  '\\ISO 2022 IR 149',
] as const

/** One change, in the words of the agent's normalization, whose own types these fit. */
type NormalizationStepSettings =
  | { readonly kind: 'character-set'; readonly declared: string; readonly actual: string }
  | { readonly kind: 'set' | 'prefix'; readonly pattern: PathPattern; readonly value: string }
  | { readonly kind: 'remove'; readonly pattern: PathPattern }
  | { readonly kind: 'drop-private'; readonly keep: readonly string[] }

export interface NormalizationSettings {
  /** Recorded as the system that changed the values. */
  readonly system: string
  readonly recordOriginals: boolean
  readonly rules: readonly {
    readonly name: string
    readonly when?: (ConditionSettings & { readonly route?: string | undefined }) | undefined
    readonly steps: readonly NormalizationStepSettings[]
  }[]
}

const ruleFields = z.strictObject({
  name: ruleName('Name in findings and audit records'),
  when: z
    .strictObject({ ...conditionKeys, route: ruleName('Only on this route').optional() })
    .describe('All that is given must hold')
    .optional(),
  characterSet: z
    .strictObject({
      declared: setting.choice('Character set that the device declares; none = absent', [
        'none',
        'any',
        'ISO_IR 6',
        ...CHARACTER_SETS,
      ]),
      actual: setting.choice('Real character set of its text', CHARACTER_SETS),
    })
    .describe('A declaration that is known to be wrong is set right; no byte of text is touched')
    .optional(),
  issuerOfPatientId: setting.text('Issuer of Patient ID (0010,0021)').optional(),
  institutionName: setting.text('Institution Name (0008,0080)').optional(),
  stationName: setting
    .text('Station Name (0008,1010); {callingAeTitle} is replaced by the AE title of the device')
    .optional(),
  accessionPrefix: setting
    .text('Put in front of Accession Number (0008,0050) unless it begins so already')
    .optional(),
  privateGroups: setting.choice('Whether private elements stay', ['keep', 'drop']).prefault('keep'),
  keepPrivate: z
    .array(setting.text('Private creator'))
    .prefault([])
    .describe('Private creators whose elements stay all the same'),
  remove: z.array(elementPath('Keyword, tag or path')).prefault([]).describe('Elements that are taken out'),
  set: z
    .array(
      z.strictObject({
        path: textPath('Keyword, tag or path'),
        value: setting.text('Its value; {callingAeTitle} and {device} are filled in'),
      }),
    )
    .prefault([])
    .describe('Elements that get a value'),
})

const ruleSchema = ruleFields.transform(({ name, when, ...rest }) => ({
  name,
  ...(when && { when: toCondition(when) }),
  steps: stepsOf(rest),
}))

export const normalizationSchema = z
  .strictObject({
    system: setting.text('Modifying System (0400,0563)').prefault('FERRY'),
    recordOriginals: setting
      .onOff('Whether Original Attributes Sequence keeps the previous values')
      .prefault('on'),
    rules: z.array(ruleSchema).prefault([]).describe('All rules that fit apply, in this order'),
  })
  .describe('Values that are set right on their way')

type RuleInput = Omit<z.output<typeof ruleFields>, 'name' | 'when'>

/** In the order of execution: first the meaning of text, then removals, then new values. */
function stepsOf(rule: RuleInput): NormalizationStepSettings[] {
  const { characterSet, accessionPrefix, privateGroups, keepPrivate } = rule
  const values = [
    [TAG.IssuerOfPatientID, rule.issuerOfPatientId],
    [TAG.InstitutionName, rule.institutionName],
    [TAG.StationName, rule.stationName],
  ] as const
  return [
    ...(characterSet ? [{ kind: 'character-set', ...characterSet } as const] : []),
    ...(privateGroups === 'drop' ? [{ kind: 'drop-private', keep: keepPrivate } as const] : []),
    ...rule.remove.map((pattern) => ({ kind: 'remove', pattern }) as const),
    ...values.flatMap(([tag, value]) =>
      value === undefined ? [] : [{ kind: 'set', pattern: at(tag), value } as const],
    ),
    ...(accessionPrefix
      ? [{ kind: 'prefix', pattern: at(TAG.AccessionNumber), value: accessionPrefix } as const]
      : []),
    ...rule.set.map(({ path: pattern, value }) => ({ kind: 'set', pattern, value }) as const),
  ]
}

const at = (tag: number): PathPattern => ({ path: [tag], anywhere: false })
