import type { ElementToken } from '../read/data-set-token.ts'
import { readText } from '../text/text.ts'
import { attributeOf, isPrivate } from '../vocabulary/attribute.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { CHARACTER_SET_VRS } from '../vocabulary/value-representation.ts'
import type { Finding } from './check-findings.ts'

const ESCAPE = 0x1b

/** Checks whether text can be read by the character set that its data set or item declares. */
export class TextCheck {
  readonly #outer: string[] = []
  #declared = ''
  readonly #findings = new Set<Finding>()

  wants({ tag, vr }: ElementToken): boolean {
    return vr === undefined || CHARACTER_SET_VRS.has(vr) || tag === TAG.SpecificCharacterSet
  }

  take(tag: Tag, vr: string | undefined, value: Buffer): void {
    if (tag === TAG.SpecificCharacterSet) this.#declared = value.toString('latin1').trim()
    else if (!isPlain(value)) this.#read(value, vr === undefined ? textVrOf(tag) : vr)
  }

  beginItem(): void {
    this.#outer.push(this.#declared)
  }

  endItem(): void {
    this.#declared = this.#outer.pop() ?? ''
  }

  findings(): Finding[] {
    return Array.from(this.#findings)
  }

  #read(value: Buffer, vr: string | undefined): void {
    const finding = this.#declared === '' ? 'characterSetMissing' : 'characterSetWrong'
    if (vr === undefined || !CHARACTER_SET_VRS.has(vr) || this.#findings.has(finding)) return
    if (readText(value, this.#declared, vr).isGuess) this.#findings.add(finding)
  }
}

/** In implicit VR the dictionary distinguishes text from numbers. */
function textVrOf(tag: Tag): string | undefined {
  return isPrivate(tag) ? undefined : attributeOf(tag)?.vrs.find((vr) => CHARACTER_SET_VRS.has(vr))
}

/** Nearly every value is plain: a loop that ends at the first other byte costs less than decoding. */
function isPlain(value: Buffer): boolean {
  for (let i = 0; i < value.length; i++) {
    const byte = value[i] ?? 0
    if (byte >= 0x80 || byte === ESCAPE) return false
  }
  return true
}
