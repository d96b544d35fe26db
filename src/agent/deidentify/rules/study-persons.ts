/**
 * Remembers who the patient of a study is, so that all copies of one study agree even where its parts identify the patient
 * differently: one modality has the ID and another has not, or a name is spelled in two ways.
 */
export interface StudyPersons {
  /**
   * Returns the person that the first instance of the study gave, which is `own` if there was none before. Both are marks
   * made with the project's key ({@link ProjectKey}), never identities.
   */
  personOf(study: string, own: string): string
}
