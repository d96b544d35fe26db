import { writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { until } from '../../support/clocks/until.ts'
import { dicomFile, haveTools, writeTree, writeZip } from '../../support/instances/import-fixtures.ts'
import { ChromiumPage } from '../../support/peers/chromium.ts'
import { openImportPage } from '../../support/programs/import-page.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const hasChromium = haveTools('chromium')

;(hasChromium ? describe : describe.skip)(
  hasChromium ? 'in Chromium' : 'in Chromium (needs chromium)',
  () => {
    test.each([
      ['the width of a phone', 400],
      ['a wide window', 1000],
    ])(
      'files are dropped and chosen on the page, in %s',
      async (_, width) => {
        await using opened = await openImportPage()
        const { page } = opened
        using folder = tempFolder()
        writeTree(folder.path, { 'disc/A/1': dicomFile(300_000).file, 'disc/A/2': dicomFile().file })
        await writeZip(folder.join('mail.zip'), [['3.dcm', dicomFile(1_500_000).file]])
        writeFileSync(folder.join('4.dcm'), dicomFile().file)
        await using browser = await ChromiumPage.open(folder.join('profile'), `${page.newLink()}&lang=en`, {
          width,
          height: 900,
        })
        const text = async (selector: string): Promise<string> =>
          String(await browser.evaluate(`document.querySelector('${selector}')?.textContent`))
        const isReady = async (): Promise<unknown> =>
          browser.evaluate(`document.querySelector('#dropZone')?.offsetHeight > 0`)
        const hasEntered = (): Promise<unknown> =>
          browser.evaluate(`localStorage.getItem('secret') !== null && location.hash === ''`)
        await until(hasEntered, (entered) => entered === true, 30_000)
        await browser.go(`${page.url}?lang=en#/import`)
        await until(isReady, (ready) => ready === true, 30_000)
        await browser.drop('#dropZone', [folder.join('disc'), folder.join('mail.zip')])
        await until(
          () => text('#importCounts'),
          (counts) => counts.startsWith('3 taken, with findings'),
          30_000,
        )
        await until(
          () => text('#importText'),
          (said) => said === '✓ The import has ended.',
        )
        await browser.choose('#fileInput', [folder.join('4.dcm'), folder.join('mail.zip')])
        await until(
          () => text('#importCounts'),
          (counts) => counts.startsWith('1 known') && counts.includes('1 taken, with findings'),
          30_000,
        )
        // Nothing is wider than the window.
        expect(await browser.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        await browser.evaluate(`document.querySelector('#language').click()`)
        await until(
          () => text('#importTitle'),
          (title) => title === '导入 DICOM 文件',
        )
        if (process.env['FERRY_PICTURES'] !== undefined)
          writeFileSync(`${process.env['FERRY_PICTURES']}/import-${width}.png`, await browser.screenshot())
      },
      90_000,
    )
  },
)
