import { attributeName, isPrivate, isPrivateCreator, privateCreatorTag } from '../vocabulary/attribute.ts'
import type { Tag } from '../vocabulary/tag.ts'
import type { DataElement, ElementList } from './data-set-tree.ts'

/**
 * One element on a path: its tag; a private one by its creator, as `(0009,"ACME",01)`, since its tag depends on the
 * block that the data set has reserved for that creator (PS3.5 §7.8.1).
 */
export type PathStep = Tag | string

/** The last step is the element itself, the earlier ones are the sequences around it. */
export type ElementPath = readonly PathStep[]

/** The elements that a configured rule applies to. */
export interface PathPattern {
  readonly path: ElementPath
  /** True: the path may begin at any depth; false: it begins in the data set itself. */
  readonly anywhere: boolean
}

/** Returns the step to an element of this list. A private element whose block is not reserved is named by its tag. */
export function stepOf({ tag }: DataElement, list: ElementList): PathStep {
  if (!isPrivate(tag) || isPrivateCreator(tag)) return tag
  const creator = creatorOf(tag, list)
  return creator === '' ? tag : privateStep(tag >>> 16, creator, tag & 0xff)
}

/** Returns the creator that reserved the block of a private element; '' if none has. */
export function creatorOf(tag: Tag, list: ElementList): string {
  const creator = list.find(privateCreatorTag(tag))
  return creator === undefined ? '' : creator.value.toString('latin1').replaceAll('\0', ' ').trim()
}

export function privateStep(group: number, creator: string, element: number): string {
  return `(${group.toString(16).padStart(4, '0')},"${creator}",${element.toString(16).padStart(2, '0')})`
}

export function fitsPath({ path: wanted, anywhere }: PathPattern, path: ElementPath): boolean {
  const from = anywhere ? path.length - wanted.length : 0
  if (from < 0 || path.length - from !== wanted.length) return false
  return wanted.every((step, i) => path[from + i] === step)
}

/** `RequestAttributesSequence/ScheduledProcedureStepID`. */
export function pathText(path: ElementPath): string {
  return path.map((step) => (typeof step === 'string' ? step : attributeName(step))).join('/')
}
