import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { until } from '../../support/clocks/until.ts'
import { haveTools } from '../../support/instances/import-fixtures.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { type AgentPage, openAgentPage } from '../../support/pages/agent-page.ts'
import { sendInstances } from '../../support/peers/send-instances.ts'

const VIEWS = ['overview', 'studies', 'queue', 'devices', 'held', 'orders', 'receipts', 'import', 'log']
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const IS_READ = `!/Loading…|正在读取/.test(document.querySelector('main').textContent)`
const WIDER = 'document.documentElement.scrollWidth - innerWidth'
/** Serious faults for people who cannot see, or use a keyboard. */
const RUN_AXE = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => ({ id, html: nodes[0].html.slice(0, 200) })))`
/** Texts of all elements of a selector. */
const textsOf = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate(`Array.from(document.querySelectorAll('${selector}'), (one) => one.textContent)`)
const XSS = '<img src=x onerror=alert(1)>'
/** An equals sign would part the groups of a name (PS3.5 §6.2). */
const EVIL = {
  name: '<script>alert(2)</script>',
  id: `"><script>alert(1)</script>`,
  accession: '<svg/onload=1>',
}

const go = async (page: Page, view: string): Promise<void> => {
  await page.evaluate(`location.hash = '#/${view}'`)
  await page.waitForSelector(`nav a[aria-current=page][href="#/${view}"]`)
  await until(
    () => page.evaluate(IS_READ),
    (isRead) => isRead === true,
  )
}

const told = (page: Page): Promise<string | null> => page.textContent('.told:not([hidden])')

const hasChromium = haveTools('chromium') && existsSync('dist/pages/agent/page.js')
const group = hasChromium ? describe : describe.skip

group(
  hasChromium ? 'the page in Chromium' : 'the page in Chromium (needs chromium and npm run build)',
  () => {
    let opened: AgentPage
    let browser: Browser

    beforeAll(async () => {
      opened = await openAgentPage()
      browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
      await opened.send({ name: '王^小明', id: '00102341', accession: 'WX2201', images: 4 })
      await opened.send({ name: '李^娜', id: '00102342', accession: 'WX2202', device: 'DR1', modality: 'DX' })
      await opened.send({ name: '周^芳', id: '00102390', accession: 'WX2210', device: 'DR1', isOdd: true })
      await opened.send({ ...EVIL, description: XSS, device: 'US2' })
      await sendInstances(opened.clinic.agent.port, [inventedInstance(100)], 'MR9').catch(() => {})
      await sendInstances(opened.clinic.agent.port, [inventedInstance(100)], '<b>X</b>').catch(() => {})
      const [folder] = opened.clinic.settings.folders
      mkdirSync(folder?.path ?? '', { recursive: true })
      writeFileSync(join(folder?.path ?? '', 'report.pdf'), '%PDF-1.4\n%%EOF\n')
      await until(
        () => opened.clinic.agent.service.status(),
        ({ deliveries, folders }) => deliveries.confirmed === 10 && folders[0]?.waiting === 1,
        30_000,
      )
    }, 60_000)

    afterAll(async () => {
      await browser?.close()
      await opened?.[Symbol.asyncDispose]()
    })

    /** A browser at the page; every complaint of its console is kept. */
    async function visit(
      language: 'zh' | 'en',
      size: keyof typeof SIZES,
      isSession = true,
    ): Promise<
      AsyncDisposable & { page: Page; context: BrowserContext; complaints: string[]; bytes: () => number }
    > {
      const context = await browser.newContext({ viewport: SIZES[size], acceptDownloads: true })
      const page = await context.newPage()
      const complaints: string[] = []
      let bytes = 0
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      page.on('pageerror', (error) => void complaints.push(String(error)))
      page.on('dialog', (dialog) => void complaints.push(`dialog ${dialog.message()}`))
      page.on(
        'response',
        (response) =>
          void response.body().then(
            (body) => (bytes += body.length),
            () => {},
          ),
      )
      await page.goto(
        isSession
          ? `${opened.page.newLink('tester')}&lang=${language}`
          : `${opened.page.url}?lang=${language}`,
      )
      await page.waitForSelector('#count-confirmed')
      return { page, context, complaints, bytes: () => bytes, [Symbol.asyncDispose]: () => context.close() }
    }

    const service = () => opened.clinic.agent.service

    test('the first view is there within a second and in 300 kB', async () => {
      await using visitor = await visit('zh', 'desktop')
      const { page, bytes } = visitor
      await page.reload()
      const startedMs = performance.now()
      await page.waitForSelector('#count-confirmed')
      expect(performance.now() - startedMs).toBeLessThan(3000)
      // Two loads.
      expect(bytes()).toBeLessThan(2 * 300_000)
      expect(bytes()).toBeGreaterThan(50_000)
    }, 30_000)

    test.each([
      ['zh', 'desktop'],
      ['en', 'phone'],
      ['en', 'desktop'],
      ['zh', 'phone'],
    ] as const)(
      'every view in %s on a %s fits, says nothing in the console, and serves a screen reader',
      async (language, size) => {
        await using visitor = await visit(language, size)
        const { page, complaints } = visitor
        const status = service().status()
        for (const [name, count] of Object.entries(status.deliveries))
          expect([name, await page.textContent(`#count-${name}`)]).toEqual([name, String(count)])
        expect(await page.title()).toMatch(
          language === 'zh' ? /^! 有 \d+ 件事需要您处理 · 影渡$/ : /^! Needs you: \d+ · Ferry$/,
        )
        expect(await page.getAttribute('#icon', 'href')).toBe('/icon-act.svg')
        expect(await page.getAttribute('html', 'lang')).toBe(language === 'zh' ? 'zh-CN' : 'en')
        await page.evaluate(AXE)
        for (const view of VIEWS) {
          await go(page, view)
          expect([view, await page.evaluate(WIDER)]).toEqual([view, 0])
          const text = (await page.textContent('body')) ?? ''
          expect([view, /page\.[a-z]+|undefined|\[object|NaN/.exec(text)?.[0]]).toEqual([view, undefined])
          if (language === 'zh' && size === 'phone') continue
          expect([view, await page.evaluate(RUN_AXE)]).toEqual([view, []])
        }
        expect(complaints).toEqual([])
      },
      120_000,
    )

    test('the lists show the same studies and devices as the JSON of the command line', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page } = visitor
      await go(page, 'studies')
      const { studies } = service().studies(100)
      await page.waitForSelector('table.data')
      const rows = await page.evaluate(
        `Array.from(document.querySelectorAll('table.data tbody a'), (one) => one.getAttribute('href'))`,
      )
      expect(rows).toEqual(studies.map(({ studyInstanceUid }) => `#/studies/${studyInstanceUid}`))
      const confirmed = (await textsOf(page, 'table.data tbody td.number .value')).map((text) => text)
      expect(confirmed).toEqual(studies.map((study) => `${study.confirmed}/${study.instances}`))
      await go(page, 'devices')
      const { devices } = service().devices()
      expect(await textsOf(page, 'table.data tbody code')).toEqual(
        devices.map(({ callingAeTitle }) => callingAeTitle),
      )
      await go(page, 'overview')
      const { hours } = service().history()
      const images = hours.reduce((sum, one) => sum + one.images, 0)
      await until(
        () => page.textContent('#history-hours'),
        (text) => text === `Total: ${images}`,
        10_000,
      )
      expect(images).toBe(13)
    }, 30_000)

    test('filters by device, state and masked patient leave the studies that fit', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page } = visitor
      const names = async (): Promise<string[]> =>
        (await textsOf(page, 'table.data tbody th .value')).toSorted()
      const show = async (query: string, expected: readonly string[]): Promise<void> => {
        await page.evaluate(`location.hash = '#/studies?${query}'`)
        await until(
          async () => (await page.evaluate(IS_READ)) === true && (await names()).join() === expected.join(),
          (isThere) => isThere,
        )
      }
      const ALL_OF_DR1 = ['周**', '李**']
      for (const [query, expected] of [
        ['device=DR1&state=open', ['周**']],
        ['patient=%E7%8E%8B', ['王**']],
        ['day=2001-01-01', []],
        // A whole name finds nothing: the search would otherwise tell who was here.
        ['patient=%E7%8E%8B%20%E5%B0%8F%E6%98%8E', []],
      ] as const) {
        // Each begins with a list that differs from what it is to show.
        await show('device=DR1', ALL_OF_DR1)
        await show(query, expected)
        expect(await names()).toEqual(expected)
      }
    }, 60_000)

    test('no text of an image or a caller becomes part of the page', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page, complaints } = visitor
      for (const view of VIEWS) await go(page, view)
      await go(page, 'devices')
      expect(await page.textContent('main')).toContain('<b>X</b>')
      await go(page, 'studies')
      await page.click('text=s***')
      await page.waitForSelector('.story')
      await page.click('text=Show full names')
      await page.selectOption('dialog select', 'setup')
      await page.click('dialog button.main')
      await page.waitForSelector('#names')
      expect(await page.textContent('#names')).toContain(EVIL.name)
      expect(await page.textContent('#names')).toContain(XSS)
      expect(await textsOf(page, 'main img, main script, main b, main svg[onload]')).toEqual([])
      expect(complaints).toEqual([])
    }, 60_000)

    test('full names are shown after a reason, which is recorded with the user', async () => {
      await using visitor = await visit('zh', 'desktop')
      const { page } = visitor
      const before = service().status().namesShown.times
      await go(page, 'studies')
      await page.click('text=王**')
      await page.waitForSelector('.story')
      expect(await page.textContent('main')).not.toContain('小明')
      await page.click('text=显示完整姓名')
      await page.click('dialog button.main')
      // Without a reason the browser keeps the dialogue open.
      expect(await page.isVisible('dialog')).toBe(true)
      expect(service().status().namesShown.times).toBe(before)
      await page.selectOption('dialog select', 'asked')
      await page.click('dialog button.main')
      await page.waitForSelector('#names')
      expect(await page.textContent('#names')).toContain('王 小明')
      expect(service().status().namesShown.times).toBe(before + 1)
    }, 30_000)

    test('a receipt is downloaded as the command line writes it', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page } = visitor
      await go(page, 'receipts')
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('table.data button')])
      const file = JSON.parse(readFileSync(await download.path(), 'utf8')) as {
        format: string
        study: string
        parts: object[]
      }
      expect(file.format).toBe('ferry-evidence/3')
      expect(file.parts).toEqual([service().evidence(file.study, 1, 1)])
    }, 30_000)

    test('a selection survives the refresh of the figures', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page } = visitor
      const select = (): Promise<unknown> =>
        page.evaluate(
          `getSelection().selectAllChildren(document.querySelector('.here code')); String(getSelection())`,
        )
      expect(await select()).toBe('FERRY')
      await page.waitForResponse(/api\/status/)
      await page.waitForResponse(/api\/status/)
      expect(await page.evaluate('String(getSelection())')).toBe('FERRY')
    }, 30_000)

    test('the keyboard alone leads to a device and decides about it', async () => {
      await using visitor = await visit('en', 'desktop')
      const { page } = visitor
      const focused = (): Promise<string> =>
        page.evaluate(
          `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
        )
      const tabTo = async (text: RegExp): Promise<void> => {
        for (let tries = 0; tries < 60; tries++) {
          await page.keyboard.press('Tab')
          if (text.test(await focused())) return
        }
        throw new Error(`the keyboard does not reach ${String(text)}`)
      }
      await page.keyboard.press('Tab')
      expect(await focused()).toBe('Go to the content')
      await tabTo(/^Devices/)
      await page.keyboard.press('Enter')
      await tabTo(/^Ignore: MR9/)
      await page.keyboard.press('Enter')
      await page.waitForSelector('dialog[open]')
      await page.keyboard.press('Escape')
      expect(await page.isVisible('dialog')).toBe(false)
      await tabTo(/^Approve: MR9/)
      await page.keyboard.press('Enter')
      await page.waitForSelector('dialog[open]')
      await page.keyboard.type('MR room')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.told:not([hidden])')
      expect(await told(page)).toBe('MR9 is served from now on.')
      expect(
        service()
          .devices()
          .devices.find(({ callingAeTitle }) => callingAeTitle === 'MR9'),
      ).toMatchObject({ state: 'known', name: 'MR room' })
      expect(readFileSync(opened.file, 'utf8')).toContain('MR room')
    }, 60_000)

    test('a caller is ignored, a held image released and a file assigned', async () => {
      await using visitor = await visit('en', 'phone')
      const { page } = visitor
      await go(page, 'devices')
      await page.click('[aria-label="Ignore: <b>X</b>"]')
      await page.click('dialog button.main')
      await until(
        () =>
          service()
            .devices()
            .devices.find(({ callingAeTitle }) => callingAeTitle === '<b>X</b>')?.state,
        (state) => state === 'ignored',
      )
      await go(page, 'held')
      await page.click('text=Release all of this study')
      await page.click('dialog button.main')
      await until(
        () => service().status().deliveries,
        ({ held }) => held === 0,
        30_000,
      )
      await go(page, 'orders')
      expect(await page.textContent('main')).not.toContain('report.pdf')
      await page.click('text=Assign')
      await page.click('dialog button.main')
      expect(await page.textContent('dialog .problem')).toContain('Give at least an order')
      await page.fill('dialog [name=patientId]', 'P1')
      await page.fill('dialog [name=patientName]', '张^伟')
      await page.click('dialog button.main')
      await until(
        () => told(page),
        (text) => text !== null && text !== '',
        10_000,
      )
      await go(page, 'queue')
      await page.click('text=Try everything again now')
      await until(
        () => told(page),
        (text) => text?.includes('sent now') === true,
        10_000,
      )
    }, 90_000)

    test('a browser without a session sees the overview only', async () => {
      await using visitor = await visit('en', 'desktop', false)
      const { page, complaints } = visitor
      expect(await page.textContent('main')).toContain('run ferry open')
      for (const view of ['studies', 'queue', 'held', 'orders', 'log']) {
        await go(page, view)
        await until(
          () => page.textContent('main'),
          (text) => text?.includes('run ferry open') === true,
          5000,
        )
        expect(await page.$$('table.data')).toEqual([])
      }
      expect(complaints.filter((text) => !text.includes('403'))).toEqual([])
    }, 60_000)
  },
)
