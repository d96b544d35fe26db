import { isFinding } from '../../dicom/check/check-findings.ts'
import { FINDINGS_IN_ENGLISH } from './en/findings-en.ts'
import type { FindingWords } from './en/words.ts'
import type { Language } from './language.ts'
import { FINDINGS_IN_CHINESE } from './zh/findings-zh.ts'

const WORDS = { en: FINDINGS_IN_ENGLISH, zh: FINDINGS_IN_CHINESE }

/** Returns the words for a finding; a finding of a newer agent is shown by its name. */
export function wordsOfFinding(finding: string, language: Language): FindingWords {
  return isFinding(finding) ? WORDS[language][finding] : { short: finding, meaning: '' }
}

export function findingsText(findings: readonly string[], language: Language): string {
  return findings
    .map((finding) => wordsOfFinding(finding, language).short)
    .join(language === 'zh' ? '；' : '; ')
}
