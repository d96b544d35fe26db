// Takes the screenshots of every view of the agent's page for the documents, in both languages, and in Chinese also at the width of a phone, from a running
// pair with invented patients. Needs Chromium, ImageMagick, and `npm run build` before. Argument: the folder for the pictures.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { inventedInstance } from '../test/support/instances/invented-instance.ts'
import { openAgentPage } from '../test/support/pages/agent-page.ts'
import { sendInstances } from '../test/support/peers/send-instances.ts'
import { SIZES, takePicture } from './take-picture.ts'

const target = resolve(process.argv[2] ?? 'docs/screenshots')
const VIEWS = [
  'overview',
  'studies',
  'queue',
  'devices',
  'held',
  'orders',
  'receipts',
  'import',
  'log',
] as const
const PATIENTS = [
  { name: '王^小明', modality: 'CT', device: 'CT1' },
  { name: '李^娜', modality: 'DX', device: 'DR1' },
  { name: '陈^建国', modality: 'US', device: 'US2' },
  { name: '赵^敏', modality: 'CT', device: 'CT1' },
  { name: '吴^大海', modality: 'US', device: 'US2' },
  { name: '周^芳', modality: 'DX', device: 'DR1' },
] as const

await using opened = await openAgentPage()
const { clinic, page: served } = opened
for (const [i, patient] of PATIENTS.entries())
  await opened.send({ ...patient, id: `0010234${i}`, accession: `WX220${i}`, images: 4 + 3 * i })
await opened.send({
  name: '郑^和',
  id: '00102390',
  accession: 'WX2210',
  isOdd: true,
  images: 2,
  device: 'DR1',
})
await sendInstances(clinic.agent.port, [inventedInstance(100)], 'MR9').catch(() => {})
const [folder] = clinic.settings.folders
mkdirSync(folder?.path ?? '', { recursive: true })
writeFileSync(join(folder?.path ?? '', 'report.pdf'), '%PDF-1.4\n%%EOF\n')
await sleep(4000)
await using browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
mkdirSync(target, { recursive: true })
for (const [width, viewport] of Object.entries(SIZES))
  for (const language of width === 'phone' ? ['zh'] : ['zh', 'en']) {
    await using context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'zh-CN' })
    const page = await context.newPage()
    await page.goto(`${served.newLink('screenshots')}&lang=${language}`)
    await page.waitForSelector('#count-queued')
    const take = (name: string): Promise<void> =>
      takePicture(page, join(target, `${name}-${language}-${width}.png`), name === 'overview')
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = '#/${view}'`)
      await sleep(700)
      await take(view)
      if (view !== 'studies') continue
      await page.click('table.data tbody tr:nth-child(2) a')
      await sleep(700)
      await take('study')
    }
  }
console.log(target)
