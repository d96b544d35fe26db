// Takes the screenshots of every view of the center's page for the documents, in both languages, and in Chinese also at the width of a phone, from a running
// center with twelve invented clinics. Needs Chromium, ImageMagick, and `npm run build` before. Argument: the folder for the pictures.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { soundInstance } from '../test/support/instances/invented-instance.ts'
import { newUid, packOf, spoolFile } from '../test/support/instances/spool-file-fixture.ts'
import { openCenterPage } from '../test/support/pages/center-page.ts'
import { SIZES, takePicture } from './take-picture.ts'

const PASSWORD = 'a password of my own'
const VIEWS = ['overview', 'studies', 'held', 'accounts'] as const
const STUDIES = [1, 3, 2, 1]

const target = resolve(process.argv[2] ?? 'docs/screenshots')
await using opened = await openCenterPage()
const { center } = opened
await opened.account('管理组', 'admin', PASSWORD)
await opened.account('值班', 'operator', PASSWORD)
await opened.account('访客', 'viewer', PASSWORD)
const agent = await center.enrol('城东体检中心')
const recipients = await center.recipients(agent)
const deliver = (envelope: { studyInstanceUid: string; sopInstanceUid: string; seriesInstanceUid: string }) =>
  agent.deliver(
    packOf([spoolFile({ recipients, envelope, dataSet: soundInstance(40_000, envelope).dataSet })]),
  )
const conflict = { studyInstanceUid: newUid(), seriesInstanceUid: newUid(), sopInstanceUid: newUid() }
await deliver(conflict)
// Other pixels under the same UID: a conflict, which a person decides.
const dataSet = soundInstance(30_000, conflict).dataSet
await agent.deliver(packOf([spoolFile({ recipients, envelope: conflict, dataSet })]))
for (const images of STUDIES) {
  const uids = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
  for (let i = 0; i < images; i++) await deliver({ ...uids, sopInstanceUid: newUid() })
}
await using browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
mkdirSync(target, { recursive: true })
for (const [width, viewport] of Object.entries(SIZES))
  for (const language of width === 'phone' ? ['zh'] : ['zh', 'en']) {
    await using context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'zh-CN' })
    const page = await context.newPage()
    await page.goto(`${opened.page.url}?lang=${language}`)
    await sleep(500)
    const take = (name: string): Promise<void> =>
      takePicture(page, join(target, `center-${name}-${language}-${width}.png`))
    await take('sign-in')
    await page.fill('input[name=name]', '管理组')
    await page.fill('input[name=password]', PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.clinic')
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = '#/${view}'`)
      await sleep(700)
      await take(view)
    }
  }
console.log(target)
