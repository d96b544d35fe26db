import { type ElementPath, fitsPath } from '../../../dicom/edit/element-path.ts'
import { attributeOf, isPrivate, isPrivateCreator } from '../../../dicom/vocabulary/attribute.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'
import { CHARACTER_SET_VRS } from '../../../dicom/vocabulary/value-representation.ts'
import type { InstanceFacts } from '../element/instance-facts.ts'
import type { DeidOption, DeidRule } from '../element/profile.ts'
import { fits } from '../element/rule-condition.ts'
import { type BasicAction, type ConfidentialityRow, confidentialityOf } from './confidentiality.ts'

/** The action for an element. A sequence that stays is always cleaned inside, unless an own rule says `keep`. */
export type DeidAction =
  | 'keep'
  | 'remove'
  | 'empty'
  | 'dummy'
  | 'uid'
  | 'shift-date'
  | 'scrub'
  | 'clean-items'
  | 'clean-content'
  | 'clean-graphics'

export interface Decision {
  readonly action: DeidAction
  /** The source of the decision, for people and the audit record. */
  readonly rule: string
}

/** Sequences whose items are codes for a person or a place: their content is identity. */
const IDENTITY_CODE_SEQUENCES: ReadonlySet<Tag> = new Set([
  TAG.PersonIdentificationCodeSequence,
  TAG.InstitutionCodeSequence,
])
/** Signatures are invalid after an element has changed; icons show the pixels; MACs cover the original. */
const NEVER_KEPT: ReadonlyMap<Tag, string> = new Map([
  [TAG.DigitalSignaturesSequence, 'digital signatures'],
  [TAG.MACParametersSequence, 'MAC parameters'],
  [TAG.IconImageSequence, 'icon image'],
  // Pixel data of the data set itself is treated while it streams past; pixel data in a sequence is not examined.
  [TAG.FloatPixelData, 'pixel data in sequences'],
  [TAG.DoubleFloatPixelData, 'pixel data in sequences'],
  [TAG.PixelData, 'pixel data in sequences'],
  // An earlier de-identifier sealed the original values into it (PS3.15 §E.1.1), under an unknown key.
  [TAG.EncryptedAttributesSequence, 'encrypted originals'],
  [TAG.DataSetTrailingPadding, 'trailing padding'],
])

/** Decides about an element, a value or a sequence of items, for one profile. */
export type Decisions = (tag: Tag, vr: string, holdsItems: boolean) => Decision

interface Made {
  readonly vr: string
  readonly decision: Decision
}

const MOST_REMEMBERED = 10_000
const KEPT = new WeakMap<ReadonlySet<DeidOption>, Decisions>()

/**
 * Returns the action of PS3.15 Table E.1-1 with the options of a profile. If the table leaves a choice by the type of
 * the attribute in the IOD (X/Z, X/D, …), the action that keeps every IOD valid is taken: empty for X/Z, a dummy if D
 * is included. Elements that neither the table nor PS3.6 contains are removed. The elements of a series are alike, so a
 * decision is cached by tag and VR, as long as the options exist.
 */
export function decisionsBy(options: ReadonlySet<DeidOption>): Decisions {
  const found = KEPT.get(options)
  if (found !== undefined) return found
  const [values, sequences] = [new Map<Tag, Made>(), new Map<Tag, Made>()]
  const made: Decisions = (tag, vr, holdsItems) => {
    const known = holdsItems ? sequences : values
    const before = known.get(tag)
    if (before?.vr === vr) return before.decision
    const decision = decide(tag, vr, holdsItems, options)
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(tag, { vr, decision })
    return decision
  }
  KEPT.set(options, made)
  return made
}

function decide(tag: Tag, vr: string, holdsItems: boolean, options: ReadonlySet<DeidOption>): Decision {
  const never = NEVER_KEPT.get(tag)
  if (never !== undefined) return { action: 'remove', rule: `no ${never}` }
  const row = confidentialityOf(tag)
  if (isPrivate(tag) && !isPrivateCreator(tag)) return { action: 'remove', rule: 'private' }
  if (isPrivateCreator(tag)) return { action: 'remove', rule: 'private creator' }
  if (row === undefined) return outsideTheTable(tag, holdsItems)
  for (const wanted of ['K', 'C'] as const) {
    for (const [option, action] of row.options) {
      if (action !== wanted || !options.has(option)) continue
      return { action: byOption(tag, vr, holdsItems, option, action), rule: option }
    }
  }
  return { action: byBasicProfile(tag, row, holdsItems), rule: `Basic Profile ${row.basic}` }
}

function outsideTheTable(tag: Tag, holdsItems: boolean): Decision {
  const isKnown = attributeOf(tag) !== undefined || (tag & 0xffff) === 0
  if (!isKnown) return { action: 'remove', rule: 'unknown to PS3.6' }
  return { action: holdsItems ? 'clean-items' : 'keep', rule: 'not in Table E.1-1' }
}

function byOption(
  tag: Tag,
  vr: string,
  holdsItems: boolean,
  option: DeidOption,
  action: 'K' | 'C',
): DeidAction {
  if (option === 'clean-structured-content') return 'clean-content'
  if (option === 'clean-graphics') return holdsItems ? 'clean-items' : 'clean-graphics'
  if (holdsItems) return 'clean-items'
  if (action === 'K') return 'keep'
  if (option === 'retain-long-modified-dates') return isDateVr(vr) ? 'shift-date' : 'remove'
  if (option === 'retain-device-identity' || CHARACTER_SET_VRS.has(vr)) return 'scrub'
  return vr === 'CS' ? 'keep' : 'remove'
}

function byBasicProfile(tag: Tag, { basic }: ConfidentialityRow, holdsItems: boolean): DeidAction {
  if (!holdsItems) return forValue(basic)
  if (tag === TAG.ContentSequence) return 'clean-content'
  switch (basic) {
    case 'D':
    case 'X/D':
    case 'Z/D':
    case 'X/Z/D':
      return IDENTITY_CODE_SEQUENCES.has(tag) ? 'dummy' : 'clean-items'
    case 'U':
    case 'X/Z/U*':
    case 'K':
    case 'C':
      return 'clean-items'
    case 'Z':
    case 'X/Z':
      // It is Type 3 everywhere, and requires one or more items: it may be absent, but not empty.
      return tag === TAG.ReferencedStudySequence ? 'remove' : 'empty'
    case 'X':
      return 'remove'
  }
}

function forValue(basic: BasicAction): DeidAction {
  switch (basic) {
    case 'D':
    case 'X/D':
    case 'Z/D':
    case 'X/Z/D':
      return 'dummy'
    case 'Z':
    case 'X/Z':
      return 'empty'
    case 'U':
    case 'X/Z/U*':
      return 'uid'
    case 'K':
      return 'keep'
    case 'C':
      return 'scrub'
    case 'X':
      return 'remove'
  }
}

const isDateVr = (vr: string): boolean => vr === 'DA' || vr === 'DT' || vr === 'TM'

/** Returns the action of the clinic's first own rule that fits this element. */
export function ownRuleFor(
  rules: readonly DeidRule[],
  path: ElementPath,
  holdsItems: boolean,
  facts: InstanceFacts,
): (Decision & { value?: string }) | undefined {
  if (rules.length === 0) return undefined
  for (const [at, rule] of rules.entries()) {
    if (!fitsPath(rule, path) || !fits(rule.when, facts)) continue
    const action = holdsItems ? ofSequence(rule) : ofValue(rule)
    const value = action === 'dummy' ? { value: rule.value ?? '' } : {}
    return { action, rule: `own rule ${at + 1}`, ...value }
  }
  return undefined
}

function ofValue({ action }: DeidRule): DeidAction {
  if (action === 'replace') return 'dummy'
  return action === 'replace-uid' ? 'uid' : action
}

/** A sequence has no value: an action for values is applied to none of its content, so the sequence is removed. */
function ofSequence({ action }: DeidRule): DeidAction {
  if (action === 'scrub') return 'clean-items'
  return action === 'keep' || action === 'empty' ? action : 'remove'
}
