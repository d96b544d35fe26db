import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { answers } from '../support/peers/answers.ts'
import { hasEchoscu, pressEcho } from '../support/peers/echoscu.ts'
import { WinePrefix, windowsPath } from '../support/peers/wine.ts'
import { FirstDay, MOST_SECONDS, MOST_STEPS } from '../support/programs/first-day.ts'
import { PageVisitor } from '../support/programs/page-visitor.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { CenterOutside } from './support/center-outside.ts'
import { InstalledOnWindows } from './support/installed-on-windows.ts'
import { makeInstaller, whyNoWindows } from './support/made-windows-installer.ts'
import { StartMenu } from './support/start-menu.ts'

/** The installer's own, since no file is edited on this day. */
const [AE_TITLE, PORT, PAGE_PORT] = ['FERRY', 11_112, 11_180]
const CONFIG = 'ProgramData/Ferry/ferry.yaml'
const [SITE, DEVICE, DEVICE_NAME] = ['西街 卫生院', 'CT1', 'CT 一室']
const LIMIT_MS = 15 * 60_000
/** For one step on a machine that others use too. */
const LOADED_MS = 180_000

const reason = whyNoWindows() ?? (hasEchoscu() ? undefined : "needs DCMTK's echoscu")
const group = reason === undefined ? describe : describe.skip
group(reason === undefined ? 'the first day on Windows' : `the first day on Windows (${reason})`, () => {
  test(
    'the exe leads to the first receipt in six steps and ten minutes, with no file edited and no command typed',
    async () => {
      for (const port of [PORT, PAGE_PORT])
        if (await answers(port))
          throw new Error(`port ${port} is in use here; the installer's defaults must be free`)
      using folder = tempFolder()
      const setup = makeInstaller(process.env['FERRY_INSTALLERS'] ?? folder.path, '0.1.0')
      await using center = await CenterOutside.make(folder.join('center'))
      const { joinCode } = await center.desk.invite(SITE, 3_600_000)
      await using windows = new WinePrefix(folder.path)
      await windows.boot()
      const menu = new StartMenu(windows, folder.path)
      await menu.useBrowser()
      const ferry = new InstalledOnWindows(windows)
      const config = (): string => readFileSync(ferry.inC(CONFIG), 'utf8')
      const startedBefore = windows.started.length

      const day = new FirstDay()
      // Silent: no hand can press Next here.
      expect(await ferry.install(setup, '/LANG=2052')).toBe(0)
      const installed = config()
      await until(
        () => answers(PAGE_PORT),
        (isOpen) => isOpen === true,
        LOADED_MS,
      )
      day.done('clinic', 'double-click the installer', '')

      const link = await menu.openFerry()
      expect(link).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${PAGE_PORT}/`))
      const page = await PageVisitor.open(link)
      expect((await page.view()).mayAct).toBe(true)
      await page.act('join', { code: joinCode, name: SITE })
      const { joining } = await page.untilShown((view) => view.joining.state === 'pending', LOADED_MS)
      day.done(
        'clinic',
        'open the page from the Start menu, paste the join code, type the name of the site',
        [joinCode, SITE],
      )

      await center.approve(joining.fingerprint, LOADED_MS)
      const { listener } = await page.untilShown((view) => view.joining.state === 'joined', LOADED_MS)
      day.done(
        'both',
        'read the fingerprint over the phone; the center types it and approves',
        joining.fingerprint,
      )

      const card = listener.map(({ text }) => text.split(',')[0] ?? '')
      expect(card).toEqual([AE_TITLE, expect.any(String), String(PORT)])
      day.done('clinic', 'type AE title, address and port into the device', card)

      await pressEcho(DEVICE, PORT)
      const { callers } = await page.untilShown(
        (view) => view.callers.some(({ state }) => state === 'pending'),
        LOADED_MS,
      )
      expect(callers).toMatchObject([{ aeTitle: DEVICE, address: '127.0.0.1' }])
      expect(config()).toBe(installed)
      await page.act('approve', { ...callers[0], name: DEVICE_NAME })
      await page.untilShown((view) => view.callers.some(({ state }) => state === 'known'), LOADED_MS)
      expect(await pressEcho(DEVICE, PORT)).toBe(0)
      day.done('clinic', 'press Echo on the device, type its name and approve it', DEVICE_NAME)

      expect(storedAtCenter(folder.join('center'))).toEqual([])
      await page.act('test-image', {})
      await page.untilShown((view) => view.test.state === 'confirmed', LOADED_MS)
      day.done('clinic', 'press "Send a test image" and see the first receipt', '')

      process.stdout.write(`${day.table('no file edited, no command typed')}\n`)
      expect(storedAtCenter(folder.join('center'))).toHaveLength(1)
      expect(day.steps).toBeLessThanOrEqual(MOST_STEPS)
      expect(day.seconds).toBeLessThan(MOST_SECONDS)
      // The exe, and the entry of the Start menu: a command would be a third one.
      expect(windows.started.slice(startedBefore)).toEqual([windowsPath(setup), 'cmd'])
    },
    LIMIT_MS,
  )
})
