import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { hasStorescu } from '../support/peers/storescu.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { Container } from './support/container.ts'
import { copyRoot, debianRoot, whyNoContainer } from './support/debian-root.ts'
import { InstalledPair } from './support/installed-pair.ts'
import { SendingDevice } from './support/sending-device.ts'

const INSTANCES = 64
const PIXEL_BYTES = 128 * 1024
const ADDRESS = { inside: '10.213.7.2', outside: '10.213.7.1' }
const VERSIONS = ['0.1.0', '0.1.1'] as const
const LIMIT_MS = 15 * 60_000
/** For one step on a machine that others use too. */
const LOADED_MS = 120_000

/** Builds the packages of both programs; `npm run build` was run before. */
function buildPackages(folder: string, version: string): string[] {
  const script = join(import.meta.dirname, '../../build/package/make-packages.ts')
  const options = ['--format', 'deb', '--arch', 'amd64', '--compress', 'zstd', '--version', version]
  const out = execFileSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, ...options, '--to', folder],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  return out.split('\n').filter((file) => file.endsWith('.deb'))
}

/** Seconds of each part, for the figures at the end. */
class StopWatch {
  readonly #started = performance.now()
  readonly lines: string[] = []
  #last = this.#started

  lap(what: string): void {
    const now = performance.now()
    this.lines.push(`${((now - this.#last) / 1000).toFixed(1).padStart(6)} s  ${what}`)
    this.#last = now
  }

  get total(): string {
    return `${((performance.now() - this.#started) / 1000).toFixed(1)} s in all`
  }
}

/** Minutes, most of them for the root of Debian and the packages: it runs if it is asked for. */
const isWanted = process.env['FERRY_CONTAINER'] === '1'
const missing = hasStorescu() ? whyNoContainer() : 'storescu not here'
const reason = isWanted ? missing : 'runs with FERRY_CONTAINER=1'
const isPossible = reason === undefined && process.arch === 'x64'
const group = isPossible ? describe : describe.skip
group(isPossible ? 'a booted systemd' : `a booted systemd (${reason ?? 'not amd64'})`, () => {
  test(
    'every acknowledged instance is confirmed after a kill, a hang, a reboot, an upgrade, a removal and a new installation',
    async () => {
      const watch = new StopWatch()
      using folder = tempFolder()
      const root = debianRoot()
      watch.lap('debootstrap')
      const packages = VERSIONS.map((version) => buildPackages(folder.join(version), version))
      watch.lap(`${packages.flat().length} packages`)
      const machine = folder.join('machine')
      copyRoot(root, machine, ADDRESS.inside)
      mkdirSync(join(machine, 'packages'))
      const [first = [], second = []] = packages.map((files) =>
        files.map((file) => {
          const name = `/packages/${file.split('/').at(-1) ?? ''}`
          copyFileSync(file, join(machine, name))
          return name
        }),
      )
      const agentDeb = second.find((name) => name.includes('agent')) ?? ''

      await using container = new Container(machine, `fv${process.pid}`, ADDRESS.outside)
      const pair = new InstalledPair(container)
      using device = new SendingDevice(folder.join('device'), ADDRESS.inside, 11_112)
      /** Sends a study from outside, and does `what` when the agent has acknowledged a part of it. */
      const whileSending = async (what: () => Promise<unknown>): Promise<void> => {
        const before = device.acknowledged.length
        const sending = device.send(INSTANCES, PIXEL_BYTES)
        await until(
          () => device.acknowledged.length - before,
          (acknowledged) => acknowledged >= INSTANCES / 8,
          LOADED_MS,
        )
        await Promise.all([what(), sending])
      }
      try {
        await container.boot()
        watch.lap('copy and first boot')
        await container.must('dpkg', '--install', ...first)
        watch.lap('both packages installed')
        const fingerprint = await pair.setUp()
        let pid = await pair.untilActive('ferry')
        const keys = pair.keyFiles()
        expect(await pair.recoveryKeyRights()).toBe('root 600')
        // The agent starts without the key of names first, and with it after the set-up.
        expect([...new Set(await pair.displayKeys())]).toEqual(['no-credential', 'credential'])
        watch.lap('set up, joined, listening')

        await device.send(INSTANCES, PIXEL_BYTES)
        watch.lap(`a study of ${INSTANCES} instances sent`)
        expect(await container.property('ferry', 'StatusText')).toMatch(
          /^Listening on port 11112\. |^Started/,
        )

        await whileSending(() => container.must('systemctl', 'kill', '--signal=KILL', 'ferry'))
        pid = await pair.untilActive('ferry', pid)
        watch.lap('kill -9 while a study was sent')

        // A hang: the process is there, and its event loop does nothing.
        await container.must('mkdir', '-p', '/run/systemd/system/ferry.service.d')
        const dropIn = '/run/systemd/system/ferry.service.d/short.conf'
        await container.must('sh', '-c', `printf '[Service]\\nWatchdogSec=6s\\n' > ${dropIn}`)
        await container.must('systemctl', 'daemon-reload')
        await container.must('systemctl', 'restart', 'ferry')
        pid = await pair.untilActive('ferry')
        await whileSending(() => container.must('systemctl', 'kill', '--signal=STOP', 'ferry'))
        pid = await pair.untilActive('ferry', pid)
        expect(await container.must('journalctl', '--unit=ferry', '--output=cat')).toContain(
          'Watchdog timeout',
        )
        watch.lap('a hang while a study was sent, ended by the watchdog')

        await whileSending(() => container.reboot())
        watch.lap('reboot while a study was sent')

        await whileSending(() => container.must('dpkg', '--install', ...second))
        expect(await container.must('ferry', '--version')).toContain(VERSIONS[1])
        watch.lap(`upgrade to ${VERSIONS[1]} while a study was sent`)

        await pair.untilActive('ferry')
        // So the study of the next step is all that purge finds.
        await pair.untilConfirmed(device.acknowledged.length)
        await container.must('systemctl', 'stop', 'ferry-center')
        await device.send(INSTANCES, PIXEL_BYTES)
        const acknowledged = device.acknowledged.length
        await container.must('dpkg', '--remove', 'ferry-agent')
        const purge = await container.run('dpkg', '--purge', 'ferry-agent')
        expect(purge.exitCode).not.toBe(0)
        expect(purge.text).toContain(`(count: ${INSTANCES})`)
        await container.must('dpkg', '--install', agentDeb)
        await container.must('systemctl', 'start', 'ferry-center')
        await pair.untilActive('ferry')
        watch.lap('removal with a study unconfirmed, purge refused, installed again')

        const { deliveries, fingerprint: now } = await pair.untilConfirmed(acknowledged)
        watch.lap('everything confirmed')
        const absent = pair.absentFromCenter(device.acknowledged)
        console.log(
          [
            ...watch.lines,
            watch.total,
            `${acknowledged} instances acknowledged, ${acknowledged - absent.length} stored with the same bytes, ` +
              `${deliveries.confirmed} confirmed, ${device.failures} associations failed and were repeated`,
          ].join('\n'),
        )
        expect(absent).toEqual([])
        expect(deliveries.held).toBe(0)
        expect(now).toBe(fingerprint)
        expect(pair.keyFiles()).toBe(keys)

        // The negative control: the comparison finds an instance that is gone and one with another byte.
        const [gone, changed] = [device.acknowledged.at(0), device.acknowledged.at(-1)]
        if (gone === undefined || changed === undefined) throw new Error('no instance was acknowledged')
        pair.deleteAtCenter(gone)
        pair.changeAtCenter(changed)
        expect(pair.absentFromCenter(device.acknowledged)).toEqual([
          gone.sopInstanceUid,
          changed.sopInstanceUid,
        ])
      } catch (error) {
        const log = await container.run('journalctl', '--unit=ferry', '--unit=ferry-center', '--lines=60')
        console.log([...watch.lines, watch.total, log.text].join('\n'))
        throw error
      }
    },
    LIMIT_MS,
  )
})
