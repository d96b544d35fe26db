import type { StudyView } from '../../protocol/control-api.ts'
import type { DisplayView } from '../../protocol/display-api.ts'
import { type CauseWords, causesIn } from '../language/cause-text.ts'
import { type Language, type Say, speak } from '../language/language.ts'
import { idText, modalityText, nameText } from '../session/shown-names.ts'
import { studyName } from '../views/study-name.ts'
import { pacsText } from '../views/study-text.ts'
import { studyReason } from '../views/waiting-reason.ts'
import type { PageStudy } from './page-answers.ts'

/** Words for one answer of the page. */
export interface PageWords {
  readonly language: Language
  readonly say: Say
  readonly causes: CauseWords
}

export function pageWords(language: Language): PageWords {
  return { language, say: speak(language), causes: causesIn(language) }
}

/** A patient as far as shown. */
export function patientTexts(display: DisplayView, say: Say) {
  const accession = display === null || display === 'lost' ? undefined : display.accessionNumber
  return {
    patient: nameText(display, say),
    patientId: idText(display),
    accession: accession?.text ?? '',
    modality: modalityText(display),
  }
}

export function studyTexts(
  study: StudyView,
  now: number,
  { say, language, causes }: PageWords,
): PageStudy['texts'] {
  return {
    name: studyName(study.studyInstanceUid, say),
    ...patientTexts(study.display, say),
    pacs: pacsText(study.pacs, study.pacsAt, now, say),
    reason: studyReason(study, say, language, causes),
  }
}
