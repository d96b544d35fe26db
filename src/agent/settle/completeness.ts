import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { ProcedureStepView } from '../../protocol/commitments-api.ts'
import type { Alarms } from '../queue/alarms.ts'
import type { ProcedureSteps, StepRow } from '../queue/devices/procedure-steps.ts'

const LOOK_EVERY_MS = 60_000
const KEPT_MS = 90 * 86_400_000

interface CompletenessOptions {
  readonly steps: ProcedureSteps
  /** UIDs of possible copies of this instance without identity; derived from a key, and never stored. */
  readonly otherUids: (sopInstanceUid: string) => readonly string[]
  /** Time after the end of a step after which missing instances raise an alarm. */
  readonly patienceMs: number
  readonly alarms: Alarms
  readonly clock: Clock
  readonly log: Log
}

/**
 * Compares the instances that devices announced by MPPS with those that arrived, until all have arrived; instances that
 * stay missing raise an alarm.
 */
export class Completeness {
  readonly #options: CompletenessOptions
  readonly #wake: Wake

  constructor(options: CompletenessOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Looks now, because a step was ended or a person asked. */
  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { steps, clock } = this.#options
    while (!signal.aborted) {
      while (steps.forgetOne(clock.now() - KEPT_MS)) await setImmediate()
      for (const step of steps.waiting()) {
        this.#look(step)
        // A step may have announced thousands of instances.
        await setImmediate()
        if (signal.aborted) return
      }
      await this.#wake.wait(LOOK_EVERY_MS, signal)
    }
  }

  async list(limit: number): Promise<ProcedureStepView[]> {
    const views: ProcedureStepView[] = []
    for (const step of this.#options.steps.list(limit)) {
      views.push(this.#progress(step))
      await setImmediate()
    }
    return views
  }

  ofStudy(studyInstanceUid: string): ProcedureStepView[] {
    return this.#options.steps.ofStudy(studyInstanceUid).map((step) => this.#progress(step))
  }

  #look(step: StepRow): void {
    const { steps, alarms, patienceMs, clock, log } = this.#options
    const progress = this.#progress(step)
    const { callingAeTitle, announced, arrived } = progress
    const subject = subjectOf(progress)
    if (arrived === announced) {
      steps.complete(step.id)
      alarms.clear('STUDY_INCOMPLETE', subject)
      log.info('procedure step complete', {
        callingAeTitle,
        procedureStep: step.sopInstanceUid,
        instances: arrived,
      })
    } else if (step.alarm !== 'putAway' && clock.now() - (step.endedAt ?? 0) >= patienceMs) {
      if (step.alarm === null)
        log.warn('procedure step incomplete', { callingAeTitle, subject, announced, arrived })
      alarms.raise('STUDY_INCOMPLETE', subject, missingWords(progress))
      steps.raised(step.id)
    }
  }

  #progress({ id, ...step }: StepRow): ProcedureStepView {
    const { steps } = this.#options
    const counts = new Map(
      steps
        .series(id)
        .map(({ seriesInstanceUid, came }) => [
          seriesInstanceUid,
          { announced: 0, arrived: 0, direct: 0, came },
        ]),
    )
    for (const { seriesInstanceUid, sopInstanceUid, isHere } of steps.instances(id)) {
      const count = counts.get(seriesInstanceUid)
      if (count === undefined) continue
      count.announced++
      if (isHere === 1) count.direct++
      if (isHere === 1 || step.completeAt !== null || this.#cameOtherwise(sopInstanceUid)) count.arrived++
    }
    const series = Array.from(counts, ([seriesInstanceUid, { announced, arrived, direct, came }]) => ({
      seriesInstanceUid,
      announced,
      arrived,
      unannounced: Math.max(0, came - direct),
    }))
    const sum = (of: 'announced' | 'arrived' | 'unannounced'): number =>
      series.reduce((all, one) => all + one[of], 0)
    return {
      ...step,
      studyInstanceUids: steps.studies(id),
      announced: sum('announced'),
      arrived: sum('arrived'),
      unannounced: sum('unannounced'),
      series,
    }
  }

  #cameOtherwise(sopInstanceUid: string): boolean {
    const uids = this.#options.otherUids(sopInstanceUid)
    return uids.length > 0 && this.#options.steps.hasAny(uids)
  }
}

/** The study, by which people search; a step without a study is shown by its own UID. */
const subjectOf = ({ callingAeTitle, studyInstanceUids, sopInstanceUid }: ProcedureStepView): string =>
  `${callingAeTitle} ${studyInstanceUids[0] ?? sopInstanceUid}`

function missingWords({ announced, arrived, series }: ProcedureStepView): string {
  const lacking = series.filter((one) => one.arrived < one.announced)
  const where = lacking.map((one) => `${one.announced - one.arrived} of series ${one.seriesInstanceUid}`)
  const named = where.slice(0, 3).join(', ')
  const more = where.length > 3 ? `, and of ${where.length - 3} more series` : ''
  return `${announced} instances announced, ${arrived} came; missing: ${named}${more}`
}
