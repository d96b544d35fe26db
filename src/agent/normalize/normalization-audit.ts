/** The reason why a rule left an element unchanged. */
type NormalizationProblem =
  /** The character set of the instance has no such characters. */
  | 'not-writable'
  /** Too long, or not in the form of the VR. */
  | 'does-not-fit'
  /** The rule needs the name of the device, and the caller is not on the list. */
  | 'device-unknown'
  /** The text is not in the character set that the rule names. */
  | 'reads-otherwise'

interface NormalizationFinding {
  readonly rule: string
  /** Keyword or path. */
  readonly element: string
  readonly problem: NormalizationProblem
}

/** The changes of one instance, without any value. */
export interface NormalizationAudit {
  /** Elements that each rule has changed. */
  readonly rules: Readonly<Record<string, number>>
  readonly findings: readonly NormalizationFinding[]
}

export class NormalizationNotes {
  readonly #rules = new Map<string, number>()
  readonly #findings = new Map<string, NormalizationFinding>()

  count(rule: string, elements = 1): void {
    this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + elements)
  }

  find(rule: string, element: string, problem: NormalizationProblem): void {
    this.#findings.set(`${rule} ${element} ${problem}`, { rule, element, problem })
  }

  audit(): NormalizationAudit {
    return { rules: Object.fromEntries(this.#rules), findings: Array.from(this.#findings.values()) }
  }
}
