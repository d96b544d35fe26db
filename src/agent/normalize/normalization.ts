import type { DataSetEdits } from '../../dicom/edit/data-set-editor.ts'
import type { DataElement, ElementList } from '../../dicom/edit/data-set-tree.ts'
import { creatorOf, fitsPath, type PathPattern, pathText, stepOf } from '../../dicom/edit/element-path.ts'
import type { ElementToken } from '../../dicom/read/data-set-token.ts'
import { readText, writeText } from '../../dicom/text/text.ts'
import {
  attributeOf,
  isPrivate,
  isPrivateCreator,
  privateCreatorTag,
} from '../../dicom/vocabulary/attribute.ts'
import { TAG, type Tag } from '../../dicom/vocabulary/tag.ts'
import { isValueOf } from '../../dicom/vocabulary/value-form.ts'
import { characterSetOf, paddingOf, vrOf } from '../deidentify/element/element-text.ts'
import { type ListPlace, listsWithin } from '../deidentify/element/list-places.ts'
import type { DeidSource } from '../deidentify/element/profile.ts'
import { type NormalizationAudit, NormalizationNotes } from './normalization-audit.ts'
import type { NormalizationRule, NormalizationStep } from './normalization-rule.ts'
import { declaringLists, isDeclared, readsAs } from './normalize-character-set.ts'
import { OriginalAttributes } from './original-attributes.ts'

interface NormalizationOptions {
  /** The matching rules, by `normalizationRulesFor`; all of them apply. */
  readonly rules: readonly NormalizationRule[]
  readonly source: DeidSource
  /** Modifying System, ASCII. */
  readonly system: string
  readonly recordOriginals: boolean
  /** ms since 1970. */
  readonly now: number
}

/**
 * Corrects values as one instance streams through a {@link DataSetEditor}: only the elements named by the rules change,
 * and Original Attributes Sequence keeps their former values. A value that does not fit, or that the instance's
 * character set cannot encode, is left unchanged and becomes a finding.
 */
export class Normalization implements DataSetEdits {
  readonly #options: NormalizationOptions
  readonly #notes = new NormalizationNotes()
  readonly #originals = new OriginalAttributes()
  /** Private creators of the data set itself, by the tag that reserves the block. */
  readonly #creators = new Map<Tag, string>()
  /** Steps whose element has been found, or made, in the data set itself. */
  readonly #settled = new Set<NormalizationStep>()
  #characterSet = ''
  #reason: 'COERCE' | 'CORRECT' = 'CORRECT'
  #isRecorded = false
  #isBehindHead = false

  constructor(options: NormalizationOptions) {
    this.#options = options
  }

  /** Returns the record of the changes, without any value. Call it after the whole data set has passed. */
  audit(): NormalizationAudit {
    return this.#notes.audit()
  }

  edit(part: ElementList, before?: ElementToken): void {
    for (const { tag } of part.elements.filter((element) => isPrivateCreator(element.tag)))
      this.#creators.set(tag, creatorName(tag, part))
    for (const { name, steps } of this.#options.rules)
      for (const step of steps) this.#apply(step, name, part, before)
    this.#characterSet = characterSetOf(part, this.#characterSet)
    this.#isBehindHead = true
    const isPlace = !this.#isRecorded && (before === undefined || TAG.OriginalAttributesSequence < before.tag)
    if (!isPlace) return
    this.#isRecorded = true
    const { recordOriginals, system, now: at } = this.#options
    if (recordOriginals && !this.#originals.isEmpty)
      this.#originals.record(part, { system, at, reason: this.#reason })
  }

  large({ tag }: ElementToken): 'keep' | 'remove' {
    const steps = this.#options.rules.flatMap((rule) => rule.steps)
    const isGone = steps.some((step) => {
      if (step.kind === 'drop-private') {
        const creator = this.#creators.get(isPrivateCreator(tag) ? tag : privateCreatorTag(tag))
        return isPrivate(tag) && !step.keep.includes(creator ?? '')
      }
      // The new value has been written before it.
      return (step.kind === 'remove' || step.kind === 'set') && fitsPath(step.pattern, [tag])
    })
    return isGone ? 'remove' : 'keep'
  }

  #apply(step: NormalizationStep, rule: string, part: ElementList, before: ElementToken | undefined): void {
    switch (step.kind) {
      case 'character-set':
        // It comes before all text and before all large elements.
        return this.#isBehindHead ? undefined : this.#declare(step, rule, part)
      case 'drop-private':
        return this.#dropPrivate(step.keep, rule, part)
      case 'remove':
        return this.#remove(step.pattern, rule, part)
      case 'prefix':
        return this.#prefix(step, rule, part)
      case 'set':
        return this.#set(step, rule, part, before)
    }
  }

  #declare(wanted: { declared: string; actual: string }, rule: string, part: ElementList): void {
    const bytes = Buffer.from(wanted.actual, 'latin1')
    const top = part.find(TAG.SpecificCharacterSet)
    const wrong = Array.from(declaringLists(part)).filter(
      ({ own }) => own.value.length > 0 && isDeclared(wanted.declared, own),
    )
    const isTopWrong = isDeclared(wanted.declared, top)
    if (!isTopWrong && wrong.length === 0) return
    if (!readsAs(part, wanted)) return this.#notes.find(rule, 'SpecificCharacterSet', 'reads-otherwise')
    for (const { own, top: outermost } of wrong) {
      this.#originals.remember(outermost)
      own.replace(bytes)
      this.#notes.count(rule)
    }
    if (!isTopWrong || (top !== undefined && top.value.length > 0)) return
    if (top === undefined) this.#originals.rememberAbsent(part, TAG.SpecificCharacterSet, 'CS')
    else this.#originals.remember(top)
    part.set(TAG.SpecificCharacterSet, 'CS', bytes)
    this.#notes.count(rule)
  }

  /**
   * Only the creators' names of removed elements are recorded: they are removed because a receiver cannot handle them.
   */
  #dropPrivate(keep: readonly string[], rule: string, part: ElementList): void {
    for (const { list } of listsWithin(part, this.#characterSet)) {
      const gone = list.elements.filter(({ tag }) => isPrivate(tag) && !keep.includes(creatorName(tag, list)))
      if (gone.length === 0) continue
      if (list === part)
        for (const element of gone) if (isPrivateCreator(element.tag)) this.#remember(element)
      const [removed, count] = [new Set(gone), gone.length]
      list.keep((element) => !removed.has(element))
      this.#reason = 'COERCE'
      this.#notes.count(rule, count)
    }
  }

  #remove(pattern: PathPattern, rule: string, part: ElementList): void {
    for (const { list, path, top } of listsFor(pattern, part, this.#characterSet)) {
      for (const element of list.elements) {
        if (!fitsPath(pattern, [...path, stepOf(element, list)])) continue
        this.#remember(top ?? element)
        list.remove(element)
        this.#notes.count(rule)
      }
    }
  }

  #prefix(
    { pattern, value }: { pattern: PathPattern; value: string },
    rule: string,
    part: ElementList,
  ): void {
    for (const { list, path, top, characterSet } of listsFor(pattern, part, this.#characterSet)) {
      for (const element of list.elements) {
        if (element.items !== undefined || !fitsPath(pattern, [...path, stepOf(element, list)])) continue
        const bytes = trimmed(element.value)
        const prefix = Buffer.from(value, 'latin1')
        if (bytes.length === 0 || bytes.subarray(0, prefix.length).equals(prefix)) continue
        const vr = vrOf(element)
        if (!isValueOf(vr, value + readText(bytes, characterSet, vr).text)) {
          this.#notes.find(rule, pathText(pattern.path), 'does-not-fit')
          continue
        }
        this.#remember(top ?? element)
        element.replace(Buffer.concat([prefix, bytes]), paddingOf(vr))
        this.#notes.count(rule)
      }
    }
  }

  #set(
    step: NormalizationStep & { kind: 'set' | 'prefix' },
    rule: string,
    part: ElementList,
    before: ElementToken | undefined,
  ): void {
    const { pattern } = step
    const tag = pattern.path.at(-1)
    if (typeof tag !== 'number') return
    const isOneEverywhere = pattern.anywhere && pattern.path.length === 1
    for (const place of listsFor(pattern, part, this.#characterSet)) {
      if (!fitsPath(pattern, [...place.path, tag])) continue
      const found = place.list.find(tag)
      const isPlace = place.top !== undefined || before === undefined || tag < before.tag
      if (found === undefined && (isOneEverywhere || !isPlace || this.#isSettled(step, place))) continue
      if (place.top === undefined) this.#settled.add(step)
      this.#write(step.value, tag, place, rule, pathText(pattern.path))
    }
  }

  #isSettled(step: NormalizationStep, { top }: ListPlace): boolean {
    return top === undefined && this.#settled.has(step)
  }

  #write(value: string, tag: Tag, { list, top, characterSet }: ListPlace, rule: string, name: string): void {
    const text = this.#filled(value)
    if (text === undefined) return this.#notes.find(rule, name, 'device-unknown')
    const vr = attributeOf(tag)?.vrs[0] ?? 'LO'
    if (!isValueOf(vr, text)) return this.#notes.find(rule, name, 'does-not-fit')
    const bytes = writeText(text, characterSet)
    if (bytes === undefined) return this.#notes.find(rule, name, 'not-writable')
    const found = list.find(tag)
    if (found?.items === undefined && found !== undefined && trimmed(found.value).equals(bytes)) return
    const changed = top ?? found
    if (changed !== undefined) this.#remember(changed)
    else this.#rememberAbsent(list, tag, vr)
    list.set(tag, vr, bytes, paddingOf(vr))
    this.#notes.count(rule)
  }

  #filled(value: string): string | undefined {
    const { device, callingAeTitle } = this.#options.source
    if (value.includes('{device}') && device === undefined) return undefined
    return value.replaceAll('{callingAeTitle}', callingAeTitle.trim()).replaceAll('{device}', device ?? '')
  }

  #remember(element: DataElement): void {
    this.#reason = 'COERCE'
    this.#originals.remember(element)
  }

  #rememberAbsent(list: ElementList, tag: Tag, vr: string): void {
    this.#reason = 'COERCE'
    this.#originals.rememberAbsent(list, tag, vr)
  }
}

/** Returns the lists that a pattern may match: without `**` and with one step, the data set itself. */
function listsFor({ path, anywhere }: PathPattern, part: ElementList, around: string): Iterable<ListPlace> {
  if (anywhere || path.length > 1) return listsWithin(part, around)
  return [{ list: part, path: [], top: undefined, characterSet: characterSetOf(part, around) }]
}

/** The name of a private block: by the creator itself, or by an element of the block. */
function creatorName(tag: Tag, list: ElementList): string {
  return creatorOf(isPrivateCreator(tag) ? (tag >>> 16) * 0x1_0000 + ((tag & 0xff) << 8) : tag, list)
}

/** Removes padding at both ends (PS3.5 §6.2). */
function trimmed(value: Buffer): Buffer {
  let [start, end] = [0, value.length]
  while (end > start && (value[end - 1] === 0x20 || value[end - 1] === 0)) end--
  while (start < end && value[start] === 0x20) start++
  return value.subarray(start, end)
}
