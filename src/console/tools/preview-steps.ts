import type { DeidStep } from '../../agent/deidentify/deidentification.ts'
import { vrOf } from '../../agent/deidentify/element/element-text.ts'
import { type DataElement, type ElementList, walk } from '../../dicom/edit/data-set-tree.ts'
import { pathText } from '../../dicom/edit/element-path.ts'
import { readText } from '../../dicom/text/text.ts'
import { isWrittenAsText } from '../../dicom/vocabulary/value-form.ts'

/** The action on one element, in the order of the data set. */
export interface PreviewStep {
  /** Keywords. */
  readonly path: string
  readonly vr: string
  readonly action: DeidStep['action'] | 'add'
  readonly rule: string
  /** Text of the values; only if values are requested. */
  readonly before?: string
  readonly after?: string
}

const SHOWN_CHARACTERS = 60

/** Gathers the steps of a de-identification, and examines each element again afterwards. */
export class PreviewSteps {
  readonly #showValues: boolean
  #taken: { step: DeidStep; before: Buffer }[] = []
  #settled: PreviewStep[] = []

  constructor(showValues: boolean) {
    this.#showValues = showValues
  }

  /** So far as their part has been edited, then those that were taken and not. */
  get all(): readonly PreviewStep[] {
    return [...this.#settled, ...this.#taken.map(({ step }) => shown(step, step.action))]
  }

  take(step: DeidStep): void {
    this.#taken.push({ step, before: step.element?.value ?? Buffer.alloc(0) })
  }

  /** Call it after the part of the steps has been edited: the results are read from it. */
  settle(part: ElementList): void {
    const left = new Set<DataElement>()
    walk(part, (element) => void left.add(element))
    for (const taken of this.#taken) this.#settled.push(this.#settledStep(taken, left))
    const known = new Set(this.#taken.map(({ step }) => step.element))
    for (const element of part.elements) if (!known.has(element)) this.#settled.push(this.#added(element))
    this.#taken = []
  }

  #settledStep(
    { step, before }: { step: DeidStep; before: Buffer },
    left: ReadonlySet<DataElement>,
  ): PreviewStep {
    const { element, characterSet, vr } = step
    if (element === undefined) return shown(step, step.action)
    const after = left.has(element) ? element.value : Buffer.alloc(0)
    const action = left.has(element) ? outcome(step, before, after) : 'remove'
    if (!this.#showValues) return shown(step, action)
    return {
      ...shown(step, action),
      before: valueText(before, characterSet, vr),
      after: valueText(after, characterSet, vr),
    }
  }

  #added(element: DataElement): PreviewStep {
    const vr = vrOf(element)
    const step = { path: pathText([element.tag]), vr, action: 'add', rule: 'says what was done' } as const
    return this.#showValues ? { ...step, before: '', after: valueText(element.value, '', vr) } : step
  }
}

function shown({ path, vr, rule }: DeidStep, action: DeidStep['action']): PreviewStep {
  return { path: pathText(path), vr, action, rule }
}

/** Kept values are searched for known values; if one was found, that is the action shown. */
function outcome({ action }: DeidStep, before: Buffer, after: Buffer): DeidStep['action'] {
  if (action === 'keep') return before.equals(after) ? 'keep' : 'scrub'
  // Some get a pseudonym rather than nothing.
  if (action === 'empty') return after.length === 0 ? 'empty' : 'dummy'
  return action === 'scrub' && before.equals(after) ? 'keep' : action
}

function valueText(value: Buffer, characterSet: string, vr: string): string {
  if (value.length === 0) return ''
  if (!isWrittenAsText(vr)) return `(${value.length} B)`
  const { text } = readText(value, characterSet, vr)
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}
