import { isDeidentified } from '../../protocol/spool-file.ts'
import type { PacsTerms } from '../register/register.ts'

/** Copies that keep the patient's identity. A clinical PACS gets no pseudonymized ones unless configured so. */
const DEFAULT_POLICIES: readonly string[] = ['identified', 'normalized']
const EVERY_PROFILE = 'deidentified:*'

interface PacsChoice {
  readonly policies?: readonly string[]
  readonly secondReadings?: 'hold' | 'hand-on'
}

/**
 * Decides by an envelope's policy which copies are meant for the PACS. `policies`: the policies' names, or
 * `deidentified:*` for the copies of every profile. Returns undefined if `pacs` is: the center then only stores.
 */
export function pacsTerms(pacs: PacsChoice | undefined): PacsTerms {
  const taken = new Set(pacs?.policies ?? DEFAULT_POLICIES)
  return {
    isConfigured: pacs !== undefined,
    takesSecondReadings: pacs?.secondReadings === 'hand-on',
    takes: (policy) => taken.has(policy) || (taken.has(EVERY_PROFILE) && isDeidentified({ policy })),
  }
}
