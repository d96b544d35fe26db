/** What a failure code means, and what a person can do about it. */
export interface FailureWords {
  readonly meaning: string
  readonly todo: string
}

/** What a finding says of an instance, and what it means for it. */
export interface FindingWords {
  /** To follow "an instance …". */
  readonly short: string
  readonly meaning: string
}

/** What a condition of the center is, and what a person does about it. `{names}` are filled in from its values. */
export interface ConditionWords {
  readonly what: string
  readonly todo: string
}
