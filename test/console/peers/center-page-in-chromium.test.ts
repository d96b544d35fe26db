import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { until } from '../../support/clocks/until.ts'
import { haveTools } from '../../support/instances/import-fixtures.ts'
import { IN_NEED, type OpenedCenterPage, openCenterPage, PLACES } from '../../support/pages/center-page.ts'

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const WIDER = 'document.documentElement.scrollWidth - innerWidth'
/** Serious faults for people who cannot see, or use a keyboard. */
const RUN_AXE = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => ({ id, html: nodes[0].html.slice(0, 200) })))`
const PASSWORD = 'a password of my own'

const hasChromium = haveTools('chromium') && existsSync('dist/pages/center/page.js')
const group = hasChromium ? describe : describe.skip

group(
  hasChromium
    ? "the center's page in Chromium"
    : "the center's page in Chromium (needs chromium and npm run build)",
  () => {
    let opened: OpenedCenterPage
    let browser: Browser

    beforeAll(async () => {
      opened = await openCenterPage()
      await opened.account('ops', 'operator', PASSWORD)
      await opened.account('boss', 'admin', PASSWORD)
      await opened.account('guest', 'viewer', PASSWORD)
      browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    }, 120_000)

    afterAll(async () => {
      await browser.close()
      await opened[Symbol.asyncDispose]()
    })

    const signIn = async (
      name: string,
      language: 'zh' | 'en' = 'en',
      viewport: { width: number; height: number } = SIZES.desktop,
    ): Promise<{ page: Page; context: BrowserContext; errors: string[] }> => {
      const context = await browser.newContext({ viewport, locale: language === 'zh' ? 'zh-CN' : 'en-GB' })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
      page.on('pageerror', (error) => void errors.push(String(error)))
      await page.goto(`${opened.page.url}?lang=${language}`)
      await page.fill('input[name=name]', name)
      await page.fill('input[name=password]', PASSWORD)
      // By the keyboard alone.
      await page.keyboard.press('Enter')
      await page.waitForSelector('.clinic')
      return { page, context, errors }
    }

    test.each([
      ['zh', 'desktop'],
      ['zh', 'phone'],
      ['en', 'desktop'],
      ['en', 'phone'],
    ] as const)(
      'the first screen (%s, %s) names the one of twelve agents that needs help, and every view is in order',
      async (language, size) => {
        const { page, context, errors } = await signIn('boss', language, SIZES[size])
        await using _ = context
        const names = await page.locator('.clinic h3').allTextContents()
        expect(names).toHaveLength(PLACES.length)
        expect(names[0]).toBe(IN_NEED)
        expect(await page.locator('.clinic.act').count()).toBe(1)
        expect(await page.textContent('#headline')).not.toBe('…')
        expect(await page.locator('.clinic').first().textContent()).toContain('4210')
        expect(await page.title()).toMatch(/^!/)
        for (const view of ['overview', 'studies', 'held', 'accounts']) {
          await page.evaluate(`location.hash = '#/${view}'`)
          await page.waitForSelector(`nav a[aria-current=page][href="#/${view}"]`)
          await until(
            () => page.textContent('main'),
            (text) => !/Loading|正在读取/.test(text ?? 'Loading'),
          )
          expect([view, Number(await page.evaluate(WIDER)) <= 0]).toEqual([view, true])
          await page.evaluate(AXE)
          expect([view, await page.evaluate(RUN_AXE)]).toEqual([view, []])
          await keepPicture(page, `center-${view}-${language}-${size}`)
        }
        // The browser itself reports the answer 401 to the first question.
        expect(errors.filter((text) => !text.includes('401'))).toEqual([])
      },
      60_000,
    )

    test('what a person may do depends on the role, at the server as on the page', async () => {
      await using contexts = new AsyncDisposableStack()
      const [agent] = await opened.center.desk.agents()
      const kid = agent?.kid ?? ''
      const guest = await signIn('guest')
      contexts.defer(() => guest.context.close())
      const ops = await signIn('ops')
      contexts.defer(() => ops.context.close())
      expect([await ask(guest.page, 'retry', ''), await ask(guest.page, 'revoke', kid)]).toEqual([403, 403])
      expect([await ask(ops.page, 'retry', ''), await ask(ops.page, 'revoke', kid)]).toEqual([200, 403])
      expect(await ops.page.locator('.clinic button').count()).toBe(0)
      const boss = await signIn('boss')
      contexts.defer(() => boss.context.close())
      const last = boss.page.locator('.clinic').last()
      const name = await last.locator('h3').textContent()
      await last.locator('button').click()
      await boss.page.locator('dialog button.main').click()
      await boss.page.waitForSelector('.told:not([hidden])')
      const revoked = (await opened.center.desk.agents()).filter(({ state }) => state === 'revoked')
      expect(revoked.map((one) => one.name)).toEqual([name])
    }, 60_000)
  },
)

/** Returns the status of the answer to a person who would do this. */
const ask = async (page: Page, action: string, subject: string): Promise<number> =>
  Number(
    await page.evaluate(`fetch('/api/act/${action}', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-ferry-secret': localStorage.getItem('secret') },
      body: JSON.stringify({ subject: '${subject}' }),
    }).then(({ status }) => status)`),
  )

/** Pictures for a person to look at, where FERRY_PICTURES names a folder. */
async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['FERRY_PICTURES']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
