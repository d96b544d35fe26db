import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { freePort } from '../support/peers/free-port.ts'
import { WinePrefix } from '../support/peers/wine.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { CenterOutside } from './support/center-outside.ts'
import { InstalledOnWindows, isConfirmed } from './support/installed-on-windows.ts'
import { makeInstaller, whyNoWindows } from './support/made-windows-installer.ts'
import { SendingDevice } from './support/sending-device.ts'
import { StartMenu } from './support/start-menu.ts'

const INSTANCES = 32
const PIXEL_BYTES = 128 * 1024
const VERSIONS = ['0.1.0', '0.1.1'] as const
const DATA = '数据 夹/ferry'
const CONFIG = 'ProgramData/Ferry/ferry.yaml'
const LIMIT_MS = 20 * 60_000

const reason = whyNoWindows()
;(reason === undefined ? describe : describe.skip)(
  reason === undefined ? 'the Windows installer under wine' : `the Windows installer (${reason})`,
  () => {
    test('the installer has the same bytes if it is built again, and other bytes for another version', () => {
      using folder = tempFolder()
      const [first, again, other] = [
        makeInstaller(folder.path, VERSIONS[0]),
        makeInstaller(folder.join('again'), VERSIONS[0]),
        makeInstaller(folder.path, VERSIONS[1]),
      ].map((path) => readFileSync(path))
      expect(first?.equals(again ?? Buffer.alloc(0))).toBe(true)
      expect(first?.equals(other ?? Buffer.alloc(0))).toBe(false)
    }, 600_000)

    test(
      'every acknowledged instance is confirmed after a power cut, an upgrade, a removal and a new installation',
      async () => {
        const laps: string[] = []
        let last = performance.now()
        const lap = (what: string): void => {
          const now = performance.now()
          laps.push(`${((now - last) / 1000).toFixed(1).padStart(6)} s  ${what}`)
          last = now
        }
        using folder = tempFolder()
        const kept = process.env['FERRY_INSTALLERS']
        const [first = '', second = ''] = VERSIONS.map((version) =>
          makeInstaller(kept ?? folder.path, version),
        )
        lap('two installers')
        await using windows = new WinePrefix(folder.path)
        await windows.boot()
        const ferry = new InstalledOnWindows(windows)
        lap('a Windows')

        expect(await ferry.install(first, '/LANG=2052', String.raw`/DATA="C:\数据 夹\ferry"`)).toBe(0)
        const [port, page] = [await freePort(), await freePort()]
        await ferry.stopService()
        const written = readFileSync(ferry.inC(CONFIG), 'utf8')
        expect(written).toContain('数据 夹')
        writeFileSync(
          ferry.inC(CONFIG),
          written
            .replace('port: 11112', `port: ${port}`)
            .replace('port: 11180', `port: ${page}`)
            .replace(/^( {2}quiet: ).*/m, '$15s'),
        )
        await ferry.startService()
        const { fingerprint, center: none } = await ferry.untilRunning()
        expect(none.name).toBeNull()
        expect(existsSync(ferry.inC(`${DATA}/keys`))).toBe(true)
        lap('installed silently, runs and belongs to no center yet')
        await windows.cutPower()
        await windows.boot()
        await ferry.untilRunning()
        lap('runs again after the next start of Windows')

        const menu = new StartMenu(windows, folder.path)
        await menu.useBrowser()
        // The page opens a moment after the agent has answered for the first time.
        const link = await until(
          () => menu.openFerry(),
          (url) => url !== '',
          LIMIT_MS / 10,
        )
        expect(link).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${page}/`))
        const answer = await fetch(link, { redirect: 'manual' })
        expect(answer.headers.get('set-cookie')).toContain('HttpOnly')
        lap('the entry of the Start menu opens the page with a session')

        const center = await CenterOutside.make(folder.join('center'))
        await using _ = center
        const { joinCode } = await center.desk.invite('西街 卫生院', 3_600_000)
        const setup = ['setup', '--yes', '--no-test', '--name', '"西街 卫生院"', '--device', '"con=CT1"']
        const joining = ferry.mustFerry(...setup, '--join-code', joinCode)
        await center.approve(fingerprint, LIMIT_MS)
        await joining
        const { center: joined } = await ferry.untilRunning(({ center: { name } }) => name !== null)
        expect(joined.name).toBe('区影像 中心')
        const keys = ferry.keys(DATA)
        lap('set up and joined')

        const device = new SendingDevice(folder.join('device'), '127.0.0.1', port)
        await device.send(INSTANCES, PIXEL_BYTES)
        await ferry.untilRunning(isConfirmed(device.acknowledged.length))
        lap(`a study of ${INSTANCES} instances sent and confirmed`)

        const repeated = device.failures
        const upgrade = { isDone: false }
        const installing = ferry.install(second).finally(() => {
          upgrade.isDone = true
        })
        do await device.send(INSTANCES, PIXEL_BYTES)
        while (!upgrade.isDone)
        expect(await installing).toBe(0)
        // The control: the service was away while the device sent.
        expect(device.failures).toBeGreaterThan(repeated)
        expect((await ferry.untilRunning()).version).toBe(VERSIONS[1])
        lap(`upgrade to ${VERSIONS[1]} while a study was sent`)

        await center.close()
        await device.send(INSTANCES, PIXEL_BYTES)
        await ferry.uninstall()
        expect(existsSync(ferry.inC(CONFIG))).toBe(true)
        expect(await ferry.install(second)).toBe(0)
        await center.open()
        lap('removed with a study unconfirmed, and installed again')
        const status = await ferry.untilRunning(isConfirmed(device.acknowledged.length))
        lap('everything confirmed')
        const stored = new Set(
          storedAtCenter(folder.join('center')).map(
            ({ sopInstanceUid, dataSetSha256 }) => `${sopInstanceUid} ${dataSetSha256}`,
          ),
        )
        const absent = device.acknowledged.filter(
          ({ sopInstanceUid, dataSet }) => !stored.has(`${sopInstanceUid} ${sha256(dataSet)}`),
        )
        const { output: doctor } = await ferry.ferry('doctor')
        expect(doctor).toContain(String.raw`C:\ProgramData\Ferry\log can be written to`)
        expect(doctor).toContain('as administrator: ferry doctor')
        expect(doctor).toMatch(/✓ (?:Data folder: C:\\数据 夹\\ferry|Running program: version 0\.1\.1)/)
        expect(doctor).not.toContain('✗')
        lap('ferry doctor')
        await ferry.stopService()
        expect(await ferry.status()).toBeUndefined()
        console.log(
          [
            ...laps,
            `${device.acknowledged.length} instances acknowledged, ${absent.length} of them absent at the center, ${device.failures} associations failed and were repeated`,
            doctor,
          ].join('\n'),
        )
        expect(absent).toEqual([])
        expect(status.deliveries.held).toBe(0)
        expect(status.fingerprint).toBe(fingerprint)
        expect(ferry.keys(DATA)).toBe(keys)
      },
      LIMIT_MS,
    )
  },
)
