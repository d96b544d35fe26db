import type { OutgoingHttpHeaders } from 'node:http'
import { expect, test } from '@jest/globals'
import { speak } from '../../src/console/language/language.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import type { Answered, Asked } from '../support/centers/lying-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { openLyingCenter } from './support/bad-line.ts'

interface Answer {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

const html = (status: number): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${status}</title></head><body>nginx</body></html>`,
})
const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code, message: 'reading a request: its body is over 1000 bytes' }),
})
const empty = (status: number): Answer => ({ status })
const redirect = (status: number): Answer => ({
  status,
  headers: { location: 'https://portal.example.org/login?session=77' },
})

/** Answers that stay the same however often the agent asks, and the alarm that each raises. */
const CURELESS: [string, Answer, string, RegExp][] = [
  [
    '413 of the center',
    refusal(413, 'PROTOCOL_VIOLATION'),
    'CENTER_LIMIT',
    /too long for the center.*over 1000 bytes/,
  ],
  ['413 and a page', html(413), 'CENTER_LIMIT', /too long for the center/],
  ['413 and nothing', empty(413), 'CENTER_LIMIT', /limit is not stated/],
  ['414', html(414), 'CENTER_LIMIT', /too long/],
  ['431', empty(431), 'CENTER_LIMIT', /too long/],
  ['400 of the center', refusal(400, 'PROTOCOL_VIOLATION'), 'CENTER_REFUSED', /the center answers/],
  ['400 and nothing', empty(400), 'CENTER_REFUSED', /without the center's reason/],
  ['400 and a page', html(400), 'CENTER_PROXY', /web page/],
  ['403 and a page', html(403), 'CENTER_PROXY', /web page/],
  ['405 and nothing', empty(405), 'CENTER_REFUSED', /without the center's reason/],
  ['406', empty(406), 'CENTER_REFUSED', /status 406/],
  ['407', html(407), 'CENTER_PROXY', /wants a login/],
  ['415 of the center', refusal(415, 'PROTOCOL_VIOLATION'), 'CENTER_REFUSED', /the center answers/],
  ['422 and text', { status: 422, body: 'unprocessable' }, 'CENTER_REFUSED', /status 422/],
  ['a code of a newer center', refusal(422, 'FROM_THE_FUTURE'), 'CENTER_REFUSED', /status 422/],
  ['451', html(451), 'CENTER_PROXY', /web page/],
  ['511', html(511), 'CENTER_PROXY', /wants a login/],
  ['301', redirect(301), 'CENTER_PROXY', /redirected .*https:\/\/portal\.example\.org;/],
  ['302', redirect(302), 'CENTER_PROXY', /redirected/],
  ['308', redirect(308), 'CENTER_PROXY', /redirected/],
  ['200 and a page', html(200), 'CENTER_PROXY', /web page/],
]
/** Answers that time can cure: the line waits, and no alarm is raised. */
const CURABLE: [string, Answer][] = [
  ['408', empty(408)],
  ['425', empty(425)],
  ['429', html(429)],
  ['500', html(500)],
  ['502', html(502)],
  ['503', html(503)],
  ['504', empty(504)],
  ['507', refusal(507, 'STORAGE_FULL')],
]
/** Kinds of request, the first of each of which a test waits for. */
const REQUESTS: [string, (asked: Asked) => boolean][] = [
  ['a manifest', ({ path }) => path === CENTER_PATHS.manifests],
  ['the creation of an upload', ({ method, path }) => method === 'POST' && path === CENTER_PATHS.packs],
  ['a piece of a pack', ({ method }) => method === 'PATCH'],
  ['the question what became of a pack', ({ path }) => path.endsWith('/answer')],
]

const opened = (): Promise<Awaited<ReturnType<typeof openLyingCenter>>> =>
  openLyingCenter({ clock: new FastClock(LINE_SPEED) })

test.each(REQUESTS)(
  'an answer to %s that cannot cure itself is an alarm at once, with its own cause, until the request succeeds',
  async (_request, isMeant) => {
    await using bad = await opened()
    const { clinic, line: center } = bad
    const { service } = clinic.agent
    for (const [name, answer, code, words] of CURELESS) {
      const instance = inventedInstance(1000)
      const alarmsWhenAsked: number[] = []
      center.instead = (asked, response) => {
        if (!isMeant(asked)) return false
        alarmsWhenAsked.push(service.status().alarms.length)
        response.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
        return true
      }
      await sendInstances(clinic.agent.port, [instance])
      const [alarm] = await until(
        () => service.status().alarms,
        (alarms) => alarms.length > 0,
      )
      expect({ name, ...alarm }).toMatchObject({ name, code, subject: instance.studyInstanceUid })
      // The first answer raised it, and it lasts: the next request finds it.
      await until(
        () => alarmsWhenAsked.length,
        (times) => times > 1,
      )
      expect({ name, found: alarmsWhenAsked.slice(0, 2) }).toEqual({ name, found: [0, 1] })
      expect(alarm?.message).toMatch(words)
      expect(alarm?.message).not.toMatch(/session|DICOM/)
      const findings = assessHealth(service.status(), speak('en'), 'en')
      expect(findings.find((finding) => finding.code === code)).toMatchObject({ severity: 'act' })
      expect(JSON.stringify(findings)).not.toContain('PROTOCOL_VIOLATION')
      center.repent()
      service.retry()
      expect((await allSettled(clinic)).held).toBe(0)
      expect(service.status().alarms).toEqual([])
    }
  },
  300_000,
)

test('an answer that time can cure raises no alarm', async () => {
  await using bad = await opened()
  const { clinic, line: center } = bad
  const { service } = clinic.agent
  for (const [, answer] of CURABLE) {
    let told = 0
    center.instead = ({ path }, response) => {
      if (path !== CENTER_PATHS.manifests) return false
      told++
      response.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
      return true
    }
    await sendInstances(clinic.agent.port, [inventedInstance(1000)])
    await until(
      () => told,
      (times) => times > 1,
    )
    expect(service.status().alarms).toEqual([])
    center.repent()
    service.retry()
    await allSettled(clinic)
  }
}, 120_000)

test.each([CENTER_PATHS.receipts, CENTER_PATHS.holdings])(
  'a question to %s that cannot be answered is an alarm, too',
  async (path) => {
    await using bad = await openLyingCenter({
      clock: new FastClock(LINE_SPEED),
      settings: { retention: { confirmedMs: 1000, atLeastMs: 0 } },
    })
    const { clinic, line: center } = bad
    await sendInstances(clinic.agent.port, [inventedInstance(1000)])
    await allSettled(clinic)
    center.change = (asked, answered) =>
      asked.path === CENTER_PATHS.agent && path === CENTER_PATHS.receipts ? otherChain(answered) : answered
    center.instead = (asked, response) => {
      if (asked.path !== path) return false
      const { status, headers, body } = html(413)
      response.writeHead(status, headers).end(body)
      return true
    }
    const { service } = clinic.agent
    const told = (): string[] => service.status().alarms.map(({ code, subject }) => `${code} ${subject}`)
    expect(await until(told, (alarms) => alarms.length > 0, 60_000)).toEqual([`CENTER_LIMIT ${path}`])
  },
  120_000,
)

/** The center's newest receipt is another one than the agent knows, so its older ones are asked about. */
const otherChain = (answered: Answered): Answered => ({
  ...answered,
  body: answered.body.replace(/"counter":\d+/, '"counter":9').replace(/("digest":")../, '$1aa'),
})
