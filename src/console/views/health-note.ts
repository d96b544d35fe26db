/** One thing that is not as it should be, in words. */
export interface HealthNote {
  /** 'act': a person is needed. 'decide': a person may say yes or no. 'coping': Ferry goes on by itself. */
  readonly severity: 'act' | 'decide' | 'coping'
  readonly code: string
  readonly what: string
  /** Ms since 1970; null if it is not known. */
  readonly since: number | null
  /** The next attempt, where there is one. */
  readonly next: { readonly attempt: number; readonly at: number } | null
  readonly todo: string
}
