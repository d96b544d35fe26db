import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { speak } from '../../src/console/language/language.ts'
import { assessHealth, type HealthNote } from '../../src/console/views/health.ts'
import { statusText } from '../../src/console/views/status-text.ts'
import { statusView } from '../../src/console/views/status-view.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import type { Answered } from '../support/centers/lying-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { openLyingCenter } from './support/bad-line.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const LANGUAGES = ['en', 'zh'] as const
type Language = (typeof LANGUAGES)[number]

function findings({ agent }: Clinic, language: Language = 'en'): readonly HealthNote[] {
  return assessHealth(agent.service.status(), speak(language), language)
}

/** The text of `ferry status`; the page shows the same sentences. */
function shown({ agent }: Clinic, language: Language): string {
  const status = agent.service.status()
  const say = speak(language)
  const view = statusView(status, assessHealth(status, say, language), say, language)
  return statusText(view, say, (_style, text) => text).join('\n')
}

const fail = (): never => {
  throw new Error('no finding')
}

/** Waits until the status names trouble with requests of this kind that have failed at least `failures` times. */
const told = (clinic: Clinic, kind: string, failures = 2): Promise<HealthNote> =>
  until(
    () => findings(clinic).find(({ request, next }) => request === kind && (next?.attempt ?? 0) > failures),
    (finding) => finding !== undefined,
    60_000,
  ).then((finding) => finding ?? fail())

describeWithSmallDisks('a center that has no room for manifests', () => {
  test('a study that is at the center and gets no receipt is named in the status, with cause, time, next attempt and cure', async () => {
    await using clinic = await openClinic({ settings: { study: { quietMs: 4000 } } })
    const folder = join(clinic.folder, 'center')
    await clinic.stopCenter()
    renameSync(folder, `${folder}.moved`)
    using disk = new SmallDisk(folder, 'size=32m')
    cpSync(`${folder}.moved`, folder, { recursive: true })
    await clinic.startCenter()
    await sendInstances(clinic.agent.port, [inventedInstance(1000)])
    await until(
      () => clinic.agent.service.status().deliveries.delivered,
      (count) => count === 1,
    )
    disk.fill(0)
    const first = await told(clinic, 'receipt')
    expect(first).toMatchObject({ severity: 'coping', code: 'CENTER_BUSY', request: 'receipt' })
    expect(first.what).toMatch(
      /1 study is at the center and waits for the receipt: the center is too busy .*507/,
    )
    expect(first.next?.at).toBeGreaterThan(first.since ?? Number.POSITIVE_INFINITY)
    const [english, chinese] = [shown(clinic, 'en'), shown(clinic, 'zh')]
    expect(english).toMatch(
      /! .*waits for the receipt.*, since [^]*next +attempt \d+ [^]*to do +wait; if it lasts, ask the center/,
    )
    expect(chinese).toMatch(
      /检查 1 个已到中心，待签收：.*空间不足.*，自 [^]*接下来 +.*次尝试[^]*处理办法 +等待/,
    )
    expect(english + chinese).not.toMatch(/All is well|一切正常/)
    await clinic.stopAgent()
    await clinic.startAgent()
    clinic.agent.service.retry()
    const later = await told(clinic, 'receipt', first.next?.attempt)
    expect(later).toMatchObject({ since: first.since })
    disk.clean()
    clinic.agent.service.retry()
    expect(await allSettled(clinic)).toMatchObject({ confirmed: 1, held: 0 })
    expect(findings(clinic)).toEqual([])
    await clinic.stopCenter()
  }, 120_000)
})

/** Answers of which each leaves the request undone. */
const ANSWERS: [string, number, Record<string, string>, string][] = [
  ['400', 400, {}, ''],
  ['403 and a page', 403, { 'content-type': 'text/html' }, '<html></html>'],
  ['404', 404, {}, ''],
  ['413', 413, {}, ''],
  ['429', 429, {}, ''],
  ['500', 500, {}, ''],
  ['502', 502, {}, ''],
  ['503', 503, {}, ''],
  ['507', 507, { 'content-type': 'application/json' }, '{"code":"STORAGE_FULL","message":"no room"}'],
  ['a refused token', 401, { 'content-type': 'application/json' }, '{"code":"TOKEN_TIME","message":"old"}'],
  ['a code of a newer center', 422, {}, '{"code":"FROM_THE_FUTURE","message":"-"}'],
  ['success without sense', 200, { 'content-type': 'application/json' }, '{}'],
]

/** The center's newest receipt is another one than the agent knows, so its older ones are asked about. */
const otherChain = (answered: Answered): Answered => ({
  ...answered,
  body: answered.body.replace(/"counter":\d+/, '"counter":9').replace(/("digest":")../, '$1aa'),
})

type Kind = NonNullable<HealthNote['request']>

/** Requests that are made for a study, and whether it has a receipt before the center refuses. */
const FOR_A_STUDY: [string, Kind, string, boolean][] = [
  ['a pack', 'pack', CENTER_PATHS.packs, false],
  ['a manifest', 'receipt', CENTER_PATHS.manifests, false],
  ['a manifest that waits for the PACS', 'pacs', CENTER_PATHS.manifests, true],
]

test.each(FOR_A_STUDY)(
  'any answer to %s that leaves it undone is named in the status, with the next attempt, until it succeeds',
  async (_request, kind, path, hasReceipt) => {
    const pacs = kind === 'pacs' ? { pacs: { url: 'http://127.0.0.1:9/dicom-web', timeoutMs: 1000 } } : {}
    await using bad = await openLyingCenter({ clock: new FastClock(LINE_SPEED), ...pacs })
    const { clinic, line: center } = bad
    const { service } = clinic.agent
    for (const [name, status, headers, body] of ANSWERS) {
      if (hasReceipt) {
        await sendInstances(clinic.agent.port, [inventedInstance(1000)])
        await allSettled(clinic)
      }
      center.instead = (asked, response) => {
        if (asked.path !== path) return false
        response.writeHead(status, headers).end(body)
        return true
      }
      if (!hasReceipt) await sendInstances(clinic.agent.port, [inventedInstance(1000)])
      const finding = await told(clinic, kind)
      expect({ name, ...finding }).toMatchObject({
        name,
        since: expect.any(Number),
        todo: expect.stringMatching(/./),
      })
      for (const language of LANGUAGES) expect(shown(clinic, language)).not.toMatch(/All is well|一切正常/)
      center.repent()
      service.retry()
      await allSettled(clinic)
      await until(
        () => findings(clinic),
        (rest) => rest.length === 0,
        60_000,
      )
    }
  },
  300_000,
)

const ABOUT_MANY: [Kind, string][] = [
  ['pacsChanges', CENTER_PATHS.pacsChanges],
  ['receipts', CENTER_PATHS.receipts],
  ['holdings', CENTER_PATHS.holdings],
]

test.each(ABOUT_MANY)(
  'a question about %s that the center leaves open for now is named in the status until it is answered',
  async (kind, path) => {
    const retention = kind === 'holdings' ? { retention: { confirmedMs: 1000, atLeastMs: 0 } } : {}
    await using bad = await openLyingCenter({ clock: new FastClock(LINE_SPEED), settings: retention })
    const { clinic, line: center } = bad
    const { service } = clinic.agent
    center.instead = (asked, response) => {
      if (asked.path !== path) return false
      response.writeHead(503).end()
      return true
    }
    if (kind === 'receipts')
      center.change = (asked, answered) =>
        asked.path === CENTER_PATHS.agent ? otherChain(answered) : answered
    await sendInstances(clinic.agent.port, [inventedInstance(1000)])
    await allSettled(clinic)
    service.retry()
    expect(await told(clinic, kind, 1)).toMatchObject({ severity: 'coping', code: 'CENTER_BUSY' })
    center.repent()
    service.retry()
    await until(
      () => findings(clinic),
      (rest) => rest.length === 0,
      60_000,
    )
  },
  150_000,
)
