import { type PathPattern, type PathStep, privateStep } from '../../dicom/edit/element-path.ts'
import { attributeOf, isPrivate, tagOfKeyword } from '../../dicom/vocabulary/attribute.ts'
import { ATTRIBUTE_TABLE } from '../../dicom/vocabulary/attribute-table.ts'
import { nearestWord } from '../yaml/nearest-word.ts'

const ANYWHERE = '**/'
const TAG_FORM = /^\(([0-9a-f]{4}),([0-9a-f]{4})\)$/i
const PRIVATE_FORM = /^\(([0-9a-f]{4}),"([^"\\]{1,64})",([0-9a-f]{2})\)$/i

/**
 * Reads `PatientID`, `(0010,0020)`, `RequestAttributesSequence/ScheduledProcedureStepID`, `(0009,"ACME",01)`, and
 * any of them after `**` and a slash, which means any depth. Returns undefined for a text that is not a path.
 */
export function parseRulePath(text: string): PathPattern | undefined {
  const anywhere = text.startsWith(ANYWHERE)
  const steps = stepsOf(anywhere ? text.slice(ANYWHERE.length) : text)
  const path = steps.map(parseStep)
  const isWhole = path.every((step) => step !== undefined)
  // All steps but the last must name an element that can hold others.
  if (!isWhole || !path.slice(0, -1).every(mayHoldItems)) return undefined
  return { path, anywhere }
}

/** Returns the path that was probably meant; undefined if no keyword of the standard is near enough. */
export function nearestPath(text: string): string | undefined {
  const anywhere = text.startsWith(ANYWHERE) ? ANYWHERE : ''
  let isChanged = false
  const steps = stepsOf(text.slice(anywhere.length)).map((step) => {
    if (parseStep(step) !== undefined) return step
    isChanged = true
    return nearestWord(step, keywords())
  })
  return isChanged && steps.every((step) => step !== undefined) ? anywhere + steps.join('/') : undefined
}

/** The VR of the element that a path leads to; undefined for a private one, which only the data set knows. */
export function vrAt({ path }: PathPattern): string | undefined {
  const last = path.at(-1)
  return typeof last === 'number' ? attributeOf(last)?.vrs[0] : undefined
}

/** Separated by slashes, except those in the name of a private creator. */
function stepsOf(text: string): string[] {
  return text.split(/\/(?=(?:[^"]*"[^"]*")*[^"]*$)/)
}

function parseStep(text: string): PathStep | undefined {
  const tag = TAG_FORM.exec(text)
  if (tag !== null) return Number.parseInt(`${tag[1]}${tag[2]}`, 16)
  const block = PRIVATE_FORM.exec(text)
  if (block === null) return tagOfKeyword(text)
  const [, group = '', creator = '', element = ''] = block
  if (!isPrivate(Number.parseInt(`${group}0000`, 16))) return undefined
  return privateStep(Number.parseInt(group, 16), creator.trim(), Number.parseInt(element, 16))
}

function mayHoldItems(step: PathStep | undefined): boolean {
  if (typeof step !== 'number') return true
  const attribute = attributeOf(step)
  return attribute === undefined || attribute.vrs.includes('SQ')
}

const keywords = (): string[] =>
  ATTRIBUTE_TABLE.trim()
    .split('\n')
    .map((row) => row.split(' ')[2] ?? '')
