import type { ImportAccount } from '../../agent/arrival/import/import-account.ts'
import { type ImportOutcome, OUTCOME_KINDS } from '../../agent/arrival/import/import-outcome.ts'
import type { Language } from '../language/language.ts'
import { reasonText, remarksText } from './account-text.ts'

/** The account of an import for a program, with every file that was kept. */
export function accountJson(account: ImportAccount, language: Language): object {
  return {
    counts: account.counts,
    files: OUTCOME_KINDS.flatMap((kind) => account.ofKind(kind)).map((one) => fileJson(one, language)),
  }
}

function fileJson(outcome: ImportOutcome, language: Language): object {
  const { path, kind, sopInstanceUid, findings, differing, isUnlisted, refusal, problem, mediaKind } = outcome
  return {
    path,
    result: kind,
    ...(sopInstanceUid !== undefined && { sopInstanceUid }),
    ...(findings !== undefined && { findings }),
    ...(refusal !== undefined && { code: refusal.code }),
    ...(problem !== undefined && { reason: problem.reason }),
    ...(mediaKind !== undefined && { kind: mediaKind }),
    ...(differing !== undefined && { differences: differing.differences }),
    ...(isUnlisted && { isUnlisted }),
    words: [reasonText(outcome, language), ...remarksText(outcome, language)].filter((text) => text !== ''),
  }
}
