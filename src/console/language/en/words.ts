/** The meaning of a failure code, and its cure. */
export interface FailureWords {
  readonly meaning: string
  readonly todo: string
}

/** The name of a finding, and its meaning for an instance. */
export interface FindingWords {
  /** To follow "an instance …". */
  readonly short: string
  readonly meaning: string
}

/** A condition of the center, and its cure. `{names}` are filled in from its values. */
export interface ConditionWords {
  readonly what: string
  readonly todo: string
}
