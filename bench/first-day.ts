// A new clinic's first day, from a started service to the first receipt, against a real center: prints what a person does
// and types, and how long it takes. Run it by `npm run first-day`. The installer itself is not part of the time.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../test/support/clocks/until.ts'
import { hasEchoscu, pressEcho } from '../test/support/peers/echoscu.ts'
import { freePort } from '../test/support/peers/free-port.ts'
import { FirstDay, MOST_STEPS } from '../test/support/programs/first-day.ts'
import { PageVisitor } from '../test/support/programs/page-visitor.ts'

const LIMIT_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'ferry-first-day-'))
const running: ChildProcess[] = []

function start(program: string, config: string, ...args: string[]): ChildProcess {
  const script = resolve(import.meta.dirname, `../src/console/program/${program}.ts`)
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, '--config', config, ...args],
    {
      cwd: folder,
      env: { ...process.env, FERRY_LANG: 'en' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  running.push(child)
  return child
}

async function run(program: string, config: string, ...args: string[]): Promise<string> {
  const child = start(program, config, ...args)
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  const [out, err, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (exitCode !== 0) throw new Error(`${program} ${args[0]}: exit code ${String(exitCode)}\n${out}${err}`)
  return out
}

async function firstDay(): Promise<FirstDay> {
  const [centerPort, dicomPort, pagePort] = [await freePort(), await freePort(), await freePort()]
  const [centerConfig, config] = [join(folder, 'center.yaml'), join(folder, 'ferry.yaml')]
  const url = `https://127.0.0.1:${centerPort}`
  const center = ['--name', 'Imaging center', '--public-url', url, '--port', String(centerPort)]
  await run('ferry-center', centerConfig, 'init', ...center, '--recovery-key', 'recovery-key.txt')
  start('ferry-center', centerConfig, 'run')
  await until(
    () => run('ferry-center', centerConfig, 'agents').catch(() => undefined),
    (answer) => answer !== undefined,
    LIMIT_MS,
  )
  const code = (await run('ferry-center', centerConfig, 'invite', 'North Street')).trim()

  // A package writes this file and starts the service; a person does neither.
  await run('ferry', config, 'init', '--port', String(dicomPort))
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, before.replace(/^( *port: *)11180\b/m, `$1${pagePort}`))
  const day = new FirstDay()
  start('ferry', config, 'run')
  const { url: link } = await until(
    async () => {
      const answer = await run('ferry', config, 'open', '--json').catch(() => '{"url":""}')
      return JSON.parse(answer) as { url: string }
    },
    (opened) => opened.url !== '',
    LIMIT_MS,
  )
  day.done('clinic', 'run the installer', '')

  const page = await PageVisitor.open(link)
  const name = 'North Street CHC'
  await page.act('join', { code, name })
  const { joining } = await page.untilShown((view) => view.joining.state === 'pending', LIMIT_MS)
  day.done('clinic', 'open the page from the Start menu, type the join code and the name of the site', [
    code,
    name,
  ])

  await run('ferry-center', centerConfig, 'approve', joining.fingerprint)
  const { listener } = await page.untilShown((view) => view.joining.state === 'joined', LIMIT_MS)
  day.done(
    'both',
    'read the fingerprint over the phone; the center types it and approves',
    joining.fingerprint,
  )

  const card = listener.map(({ text: value }) => value.split(',')[0] ?? '')
  day.done('clinic', 'type AE title, address and port into the device', card)

  if (!hasEchoscu()) throw new Error('echoscu of DCMTK is needed')
  await pressEcho('CT1', dicomPort)
  const { callers } = await page.untilShown(
    (view) => view.callers.some(({ state }) => state === 'pending'),
    LIMIT_MS,
  )
  const deviceName = 'CT room 1'
  await page.act('approve', { ...callers[0], name: deviceName })
  await page.untilShown((view) => view.callers.some(({ state }) => state === 'known'), LIMIT_MS)
  if ((await pressEcho('CT1', dicomPort)) !== 0) throw new Error('the approved device is not served')
  day.done('clinic', 'press Echo on the device, type its name and approve it', deviceName)

  await page.act('test-image', {})
  await page.untilShown((view) => view.test.state === 'confirmed', LIMIT_MS)
  day.done('clinic', 'press "Send a test image" and see the first receipt', '')
  return day
}

try {
  const day = await firstDay()
  console.log(day.table('no file edited, no command typed in the clinic'))
  if (day.steps > MOST_STEPS) process.exitCode = 1
} finally {
  for (const child of running) child.kill()
  await sleep(500)
  rmSync(folder, { recursive: true, force: true })
}
