/**
 * Remembers the patient of each study, so that all copies of one study agree even if its parts identify the patient
 * differently: only one modality has the ID, or a name has two spellings.
 */
export interface StudyPersons {
  /**
   * Returns the person of the first instance of the study, which is `own` if there was none before. Both are marks made
   * with the project's key ({@link ProjectKey}), never identities.
   */
  personOf(study: string, own: string): string
}
