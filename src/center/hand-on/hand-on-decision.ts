import { failureReason } from '../../dicomweb/failure-reason.ts'
import type { StowOutcome } from '../../dicomweb/stow-answer.ts'
import type { PacsClaim } from './compare-copy.ts'

/** The next step for one instance after an answer of the PACS. */
type HandOnDecision =
  | { readonly kind: 'accepted'; readonly warning: number | undefined }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly isAtOnce: boolean }
  | { readonly kind: 'compare'; readonly claim: PacsClaim }

const HAS_IT = 'the PACS says that it has this SOP instance already'
/** A failure without a cause is final at the third attempt. */
const ATTEMPTS_IF_PERHAPS = 2
/** A PACS that says for over an hour that it is storing an instance is assumed to have it; its copy must prove that. */
const ATTEMPTS_IF_SOON = 10
const ATTEMPTS_UNTIL_PROVED = 5

/** Decides from the answer of the PACS about an instance, undefined for none, and the number of earlier attempts. */
export function decideHandOn(said: StowOutcome | undefined, attempts: number): HandOnDecision {
  // It is sent alone next, so that an answer without its name can only be about it.
  if (said === undefined)
    return { kind: 'later', reason: 'the PACS did not mention it in its answer', isAtOnce: attempts === 0 }
  switch (said.kind) {
    case 'stored':
      return { kind: 'accepted', warning: said.warning }
    case 'unproved':
      return compare(said.found, 'unverified', ATTEMPTS_UNTIL_PROVED)
    case 'failed':
      return decideFailed(said.reason, attempts)
  }
}

function decideFailed(code: number | undefined, attempts: number): HandOnDecision {
  const { meaning, remedy } = failureReason(code)
  switch (remedy) {
    case 'never':
      return { kind: 'refused', reason: meaning }
    case 'later':
      return later(meaning)
    case 'there':
      return compare(HAS_IT, 'unverified', 0)
    case 'soon':
      return attempts < ATTEMPTS_IF_SOON ? later(meaning) : compare(meaning, 'unverified', 0)
    case 'perhaps':
      return attempts < ATTEMPTS_IF_PERHAPS ? later(meaning) : compare(meaning, 'refused', 0)
  }
}

function later(reason: string): HandOnDecision {
  return { kind: 'later', reason, isAtOnce: false }
}

function compare(said: string, otherwise: PacsClaim['otherwise'], patience: number): HandOnDecision {
  return { kind: 'compare', claim: { said, otherwise, patience } }
}
