import { expect, test } from '@jest/globals'
import type { Phrase } from '../../src/console/language/en/phrases-en.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import {
  AGENT_OUTLOOKS,
  HEADLINES,
  headlineFor,
  type Outlooks,
  outlookFor,
} from '../../src/console/views/status-sentences.ts'
import { headlineOf } from '../../src/console/views/status-view.ts'
import type { AgentStatus } from '../../src/protocol/control-api.ts'
import { CUT_OFF, WELL } from '../support/peers/fake-control-service.ts'
import {
  AT_CENTER,
  LOSSES,
  NOTICES,
  product,
  type Situation,
  UNJOINED,
  WORLDS,
} from '../support/status-situations.ts'

/**
 * When each sentence is true, said again from what is the case in the clinic and not from the findings. A sentence of the
 * table that is not here fails the walk.
 */
const ORACLE: Partial<Record<Phrase, (situation: Situation, code: string) => boolean>> = {
  'health.well': ({ isWell }) => isWell,
  'health.coping': ({ isWell, needs }) => !isWell && needs === 'nobody',
  'health.retrying': ({ line, request, needs }) =>
    line !== 'works' && request === 'succeed' && needs === 'nobody',
  'health.decide': ({ needs, device }) => needs === 'a decision' && device === 'unlisted',
  'health.act': ({ needs }) => needs === 'a person',
  'next.attempt': ({ line, request }) => line === 'tried later' || request === 'tried later',
  'next.attemptNow': ({ line, request }) => line === 'tried now' || request === 'tried now',
  // A promise about images is true only if no image that it can be read to mean is gone.
  'next.kept': ({ lost }, code) => lost !== code && (code !== 'HELD' || lost === undefined),
  'next.goodOnesKept': ({ held }) => held > 0,
  'next.notSendable': ({ lost }, code) => lost === code,
  'next.noCopy': ({ lost }, code) => lost === code,
  'next.sendingAgain': ({ line, isBehind }) => line === 'works' && isBehind,
  'next.sentWhenReached': ({ line, isBehind }) => line !== 'works' && isBehind,
  'next.whenRoom': ({ door }) => door === 'shut by a full disk',
  'next.diskTried': ({ door }) => door === 'shut by a fault',
  'next.roomAndDisk': ({ door }) => door === 'shut by both',
  'next.stillLetIn': ({ door, isJoined }) => door === 'open' && isJoined,
  'next.untilJoined': ({ isJoined }) => !isJoined,
  'next.makingRoom': ({ isMakingRoom }) => isMakingRoom,
  'next.untilRetry': (_, code) => code === 'INDEX_REBUILT' || code === 'DEID_WITHHELD',
  'next.untilComplete': (_, code) => code === 'STUDY_INCOMPLETE',
  'next.reportTried': (_, code) => code === 'COMMITMENT_UNREPORTED',
  'next.ordersAsked': (_, code) => code === 'ORDERS_UNREACHABLE',
  'next.receiptAsked': (_, code) => code === 'RECEIPT_MISMATCH',
  'next.bothServed': (_, code) => code === 'AGENT_CLONED',
  'next.untilConfirmed': (_, code) => code === 'LATE',
}

const echo = (phrase: Phrase): string => phrase

/** Every sentence shown in a state, with the code that it is said of. */
function spoken(situation: Situation, outlooks: Outlooks): { phrase: Phrase; code: string }[] {
  const findings = assessHealth(situation.status, echo, 'en')
  const { headline, findings: views } = headlineOf(findings, situation.status.now, echo, outlooks)
  const next = views.flatMap(({ advice }, i) =>
    advice
      .filter(({ label }) => label === 'health.next')
      .map(({ text }) => ({ phrase: text as Phrase, code: findings[i]?.code ?? '' })),
  )
  return [{ phrase: headline as Phrase, code: '' }, ...next]
}

function untrue(situations: Iterable<Situation>, outlooks: Outlooks = AGENT_OUTLOOKS): string[] {
  const found = new Set<string>()
  for (const situation of situations)
    for (const { phrase, code } of spoken(situation, outlooks))
      if (ORACLE[phrase]?.(situation, code) !== true) found.add(`${phrase} ${code}: ${situation.name}`)
  return [...found]
}

test('in every state of the clinic each sentence of the status is true', () => {
  expect(untrue(product(...WORLDS)).slice(0, 5)).toEqual([])
  expect(untrue(product(WORLDS[0], NOTICES, ...LOSSES)).slice(0, 5)).toEqual([])
  expect(untrue(product(...UNJOINED)).slice(0, 5)).toEqual([])
  expect(untrue(product(...AT_CENTER)).slice(0, 5)).toEqual([])
})

test('the walk comes past every sentence of the table', () => {
  const all = new Set([
    ...HEADLINES.map(({ phrase }) => phrase),
    ...Object.values(AGENT_OUTLOOKS).flatMap((sentences) => sentences.map(({ phrase }) => phrase)),
  ])
  const heard = new Set<Phrase>()
  for (const situations of [
    product(...WORLDS),
    product(WORLDS[0], NOTICES, ...LOSSES),
    product(...UNJOINED),
    product(...AT_CENTER),
  ])
    for (const situation of situations)
      for (const { phrase } of spoken(situation, AGENT_OUTLOOKS)) heard.add(phrase)
  expect([...all].filter((phrase) => !heard.has(phrase))).toEqual([])
  expect([...heard].filter((phrase) => ORACLE[phrase] === undefined)).toEqual([])
})

test('the walk finds the sentence that was once shown beside every finding', () => {
  const kept = [{ phrase: 'next.kept' as const, holds: () => true }]
  const old = Object.fromEntries(Object.keys(AGENT_OUTLOOKS).map((code) => [code, kept]))
  const found = untrue(product(...WORLDS), old)
  expect(found.some((line) => line.startsWith('next.kept HELD'))).toBe(true)
})

const told = (status: AgentStatus): unknown[] =>
  assessHealth(status, echo, 'en').map(({ request, code }) => [request, code])

test("what the center's own trouble explains is not said again of single requests", () => {
  const { trouble } = CUT_OFF.center
  const times = { since: CUT_OFF.now, attempts: 1, nextAttemptAt: CUT_OFF.now, count: 1, reason: '' }
  const failing = (['pack', 'receipt'] as const).flatMap((kind) =>
    [trouble?.reasonCode ?? '', 'CENTER_BUSY'].map((reasonCode) => ({ ...times, kind, reasonCode })),
  )
  expect(told({ ...CUT_OFF, failedRequests: failing })).toEqual([
    [undefined, 'CENTER_UNREACHABLE'],
    ['receipt', 'CENTER_BUSY'],
  ])
  const { center } = WELL
  expect(told({ ...CUT_OFF, center, failedRequests: failing })).toHaveLength(4)
})

test('a headline always exists, and a code of a newer agent has no next line', () => {
  expect(headlineFor([]).phrase).toBe('health.well')
  const finding = { severity: 'act', code: 'toString', what: '', since: null, next: null, todo: '' } as const
  expect(outlookFor(finding, [finding], AGENT_OUTLOOKS)).toBeUndefined()
})
