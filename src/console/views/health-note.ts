import type { RequestKind } from '../../protocol/control-api.ts'

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
  /** Until when no message is sent about it, if that is so. */
  readonly silencedUntil?: number
  /** The request to the center that fails, unless nothing can be sent to it. */
  readonly request?: RequestKind
}
