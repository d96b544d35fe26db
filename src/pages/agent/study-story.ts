import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showTime } from '../../console/views/show-values.ts'
import type { PageStudyDetail } from '../../console/web/page-answers.ts'
import { usePage } from '../shared/page-context.ts'

interface Step {
  readonly name: string
  /** Undefined: has not happened, or when it did is no longer known. */
  readonly at: number | undefined
  readonly text: string
  readonly state: 'done' | 'part' | 'open' | 'bad'
  /** Why it has not gone on. */
  readonly reason?: string
}

/** The life of a study from its first image to the PACS, each step with its time, and the reason where it waits. */
export function StudyStory({ detail }: { detail: PageStudyDetail }): VNode {
  const { say } = usePage()
  const now = Date.now()
  return html`<ol class="story">${stepsOf(detail).map(
    ({ name, at, text, state, reason }) => html`<li class=${state}>
      <strong>${name}</strong> <time>${at === undefined ? '' : showTime(at, now)}</time>
      <span>${state === 'open' && text === '' ? say('page.story.notYet') : text}</span>
      ${reason === undefined || reason === '' ? null : html`<em>${reason}</em>`}
    </li>`,
  )}</ol>`

  function stepsOf({ study, deliveries, devices, listedAt, procedureSteps }: PageStudyDetail): Step[] {
    const inState = (...states: readonly string[]): number =>
      deliveries
        .filter(({ state }) => states.includes(state))
        .reduce((sum, { instances }) => sum + instances, 0)
    const reasonOf = (...states: readonly string[]): string =>
      deliveries.find(({ state, reason }) => states.includes(state) && reason !== '')?.reason ?? ''
    const { instances: all, confirmed, held, version, texts } = study
    const left = inState('delivered', 'confirmed')
    const isAllThere = left === all && all > 0
    return [
      {
        name: say('page.story.arrived'),
        at: study.firstArrivedAt,
        text: say('page.story.arrivedText', {
          count: all,
          device: devices.join(', '),
          time: showTime(study.lastArrivedAt, now),
        }),
        state: 'done',
      },
      ...procedureSteps.map(
        ({ callingAeTitle: device, announced, arrived, state, changedAt }): Step => ({
          name: say('page.story.announced'),
          at: changedAt,
          text: say('page.story.announcedText', { device, announced, arrived, state: say(`step.${state}`) }),
          state: arrived < announced ? 'part' : 'done',
        }),
      ),
      {
        name: say('page.story.sealed'),
        at: study.lastArrivedAt,
        text: say('page.story.sealedText'),
        state: 'done',
      },
      {
        name: say('page.story.sent'),
        at: undefined,
        text:
          left === all
            ? say('page.story.sentAll', { count: all })
            : say('page.story.sentSome', { count: left, all }),
        state: isAllThere ? 'done' : held > 0 ? 'bad' : 'part',
        reason: isAllThere ? '' : reasonOf('queued', 'sending'),
      },
      {
        name: say('page.story.delivered'),
        at: version > 0 && isAllThere ? (listedAt ?? undefined) : undefined,
        text: version > 0 && isAllThere ? say('page.story.deliveredText', { version }) : '',
        state: isAllThere ? 'done' : 'open',
        reason: isAllThere && confirmed < all ? texts.reason : '',
      },
      {
        name: say('page.story.confirmed'),
        at: confirmed > 0 ? (study.receiptedAt ?? undefined) : undefined,
        text:
          confirmed === all
            ? say('page.story.confirmedAll', { count: all })
            : confirmed > 0
              ? say('page.story.confirmedSome', { count: confirmed, all })
              : '',
        state: confirmed === all ? 'done' : confirmed > 0 ? 'part' : 'open',
      },
      ...(held > 0 ? [heldStep(held, reasonOf('held'))] : []),
      {
        name: say('page.story.pacs'),
        at: study.pacs === 'accepted' || study.pacs === 'partial' ? (study.pacsAt ?? undefined) : undefined,
        text: texts.pacs,
        state: pacsState(study.pacs),
      },
    ]
  }

  function heldStep(count: number, reason: string): Step {
    return {
      name: say('page.count.held'),
      at: undefined,
      text: say('page.story.held', { count }),
      state: 'bad',
      reason,
    }
  }
}

function pacsState(pacs: string | null): Step['state'] {
  if (pacs === 'accepted') return 'done'
  if (pacs === 'refused' || pacs === 'held') return 'bad'
  return pacs === 'partial' ? 'part' : 'open'
}
