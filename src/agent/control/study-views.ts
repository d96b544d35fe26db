import type { DisplayAttributes } from '../../dicom/find/display-attributes.ts'
import { maskDisplay } from '../../dicom/find/mask-display.ts'
import type { StudiesView, StudyDetail, StudyView } from '../../protocol/control-api.ts'
import type { DisplayView } from '../../protocol/display-api.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StudyRow } from '../queue/study-rows.ts'
import { CENTER } from '../send/destination.ts'
import type { Completeness } from '../settle/completeness.ts'

/** Studies as people see them: with the patient's attributes in masked form. */
export class StudyViews {
  readonly #queue: Queue
  readonly #completeness: Completeness

  constructor(queue: Queue, completeness: Completeness) {
    this.#queue = queue
    this.#completeness = completeness
  }

  /** The newest studies. */
  list(limit: number): StudiesView {
    const { studies, display } = this.#queue
    return {
      displayNames: display.state,
      studies: studies.list(CENTER, limit).map((study) => this.#view(study)),
    }
  }

  one(studyInstanceUid: string): StudyView | undefined {
    const row = this.#queue.studies.get(CENTER, studyInstanceUid)
    return row && this.#view(row)
  }

  detail(studyInstanceUid: string): StudyDetail | undefined {
    const { studies, deliveries, display, findings, search } = this.#queue
    const study = this.one(studyInstanceUid)
    if (study === undefined) return undefined
    return {
      displayNames: display.state,
      study,
      deliveries: deliveries.ofStudy(CENTER, studyInstanceUid),
      devices: search.devicesOf(studyInstanceUid),
      listedAt: search.listedAt(CENTER, studyInstanceUid),
      findings: findings.ofStudy(studyInstanceUid),
      procedureSteps: this.#completeness.ofStudy(studyInstanceUid),
      evidence: studies.evidence(CENTER, studyInstanceUid) ?? null,
    }
  }

  masked(studyInstanceUid: string): DisplayView {
    return this.#display(studyInstanceUid, maskDisplay)
  }

  /** With full names: only after it was recorded who asked. */
  whole(studyInstanceUid: string): DisplayView {
    return this.#display(studyInstanceUid, (attributes) => attributes)
  }

  #view(row: StudyRow): StudyView {
    const { studyInstanceUid } = row
    const odd = this.#queue.findings.countInStudy(studyInstanceUid)
    return { ...row, odd, display: this.masked(studyInstanceUid) }
  }

  #display(
    studyInstanceUid: string,
    mask: (attributes: DisplayAttributes) => DisplayAttributes,
  ): DisplayView {
    const record = this.#queue.display.get(studyInstanceUid)
    if (record === undefined) return null
    return record === 'lost' ? 'lost' : mask(record.attributes)
  }
}
