// A new clinic's first day, from a started service to the first receipt, against a real center: prints what a person does
// and types, and how long it takes. Run it by `npm run first-day`. The installer itself is not part of the time.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

interface Step {
  readonly who: string
  readonly what: string
  /** Characters that a person types, or pastes. */
  readonly typed: number
  readonly seconds: number
}

const MOST_STEPS = 6
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function until<Value>(ask: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> {
  for (let tries = 0; tries < 1200; tries++) {
    const value = await ask().catch(() => undefined)
    if (value !== undefined && isThere(value)) return value
    await sleep(100)
  }
  throw new Error('not reached within two minutes')
}

interface View {
  joining: { state: string; text: string; fingerprint: string }
  listener: { text: string }[]
  callers: { aeTitle: string; address: string; state: string }[]
  test: { state: string }
}

/** The page as a browser uses it: a cookie, the secret of the session, and requests of its own origin. */
class Browser {
  readonly #origin: string
  readonly #cookie: string
  readonly #secret: string

  private constructor(origin: string, cookie: string, secret: string) {
    this.#origin = origin
    this.#cookie = cookie
    this.#secret = secret
  }

  static async open(link: string): Promise<Browser> {
    const answer = await fetch(link, { redirect: 'manual' })
    const { origin } = new URL(link)
    const { hash } = new URL(answer.headers.get('location') ?? '', origin)
    return new Browser(origin, (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '', hash.slice(1))
  }

  async view(): Promise<View> {
    const answer = await fetch(`${this.#origin}/api/setup?lang=en`, { headers: { cookie: this.#cookie } })
    return (await answer.json()) as View
  }

  async act(action: string, body: object): Promise<void> {
    const headers = {
      cookie: this.#cookie,
      origin: this.#origin,
      'content-type': 'application/json',
      'x-ferry-secret': this.#secret,
    }
    const answer = await fetch(`${this.#origin}/api/setup/${action}?lang=en`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`)
  }
}

async function firstDay(): Promise<Step[]> {
  const [centerPort, dicomPort, pagePort] = [await freePort(), await freePort(), await freePort()]
  const [centerConfig, config] = [join(folder, 'center.yaml'), join(folder, 'ferry.yaml')]
  const url = `https://127.0.0.1:${centerPort}`
  const center = ['--name', 'Imaging center', '--public-url', url, '--port', String(centerPort)]
  await run('ferry-center', centerConfig, 'init', ...center, '--recovery-key', 'recovery-key.txt')
  start('ferry-center', centerConfig, 'run')
  await until(
    () => run('ferry-center', centerConfig, 'agents'),
    () => true,
  )
  const code = (await run('ferry-center', centerConfig, 'invite', 'North Street')).trim()

  // A package writes this file and starts the service; a person does neither.
  await run('ferry', config, 'init', '--port', String(dicomPort))
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, before.replace(/^( *port: *)11180\b/m, `$1${pagePort}`))
  const steps: Step[] = []
  let from = performance.now()
  const done = (who: string, what: string, typed: number): void => {
    steps.push({ who, what, typed, seconds: (performance.now() - from) / 1000 })
    from = performance.now()
  }
  start('ferry', config, 'run')
  const link = await until(
    async () => JSON.parse(await run('ferry', config, 'open', '--json')) as { url: string },
    () => true,
  )
  done('clinic', 'run the installer', 0)

  const browser = await Browser.open(link.url)
  const name = 'North Street CHC'
  await browser.act('join', { code, name })
  const { joining } = await until(
    () => browser.view(),
    (view) => view.joining.state === 'pending',
  )
  done(
    'clinic',
    'open the page from the Start menu, type the join code and the name of the site',
    code.length + name.length,
  )

  await run('ferry-center', centerConfig, 'approve', joining.fingerprint)
  const { listener } = await until(
    () => browser.view(),
    (view) => view.joining.state === 'joined',
  )
  done(
    'both',
    'read the fingerprint over the phone; the center types it and approves',
    joining.fingerprint.length,
  )

  const card = listener.map(({ text: value }) => value.split(',')[0] ?? '')
  done('clinic', 'type AE title, address and port into the device', card.join('').length)

  const echo = spawnSync('echoscu', ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(dicomPort)])
  if (echo.error !== undefined) throw new Error('echoscu of DCMTK is needed')
  const { callers } = await until(
    () => browser.view(),
    (view) => view.callers.some(({ state }) => state === 'pending'),
  )
  const deviceName = 'CT room 1'
  await browser.act('approve', { ...callers[0], name: deviceName })
  await until(
    () => browser.view(),
    (view) => view.callers.some(({ state }) => state === 'known'),
  )
  const again = spawnSync('echoscu', ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(dicomPort)])
  if (again.status !== 0) throw new Error('the approved device is not served')
  done('clinic', 'press Echo on the device, type its name and approve it', deviceName.length)

  await browser.act('test-image', {})
  await until(
    () => browser.view(),
    (view) => view.test.state === 'confirmed',
  )
  done('clinic', 'press "Send a test image" and see the first receipt', 0)
  return steps
}

function print(steps: readonly Step[]): void {
  console.log('| step | who | what | typed characters | seconds of waiting |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const [i, { who, what, typed, seconds }] of steps.entries())
    console.log(`| ${i + 1} | ${who} | ${what} | ${typed} | ${seconds.toFixed(1)} |`)
  const sum = (of: (step: Step) => number): number => steps.reduce((total, step) => total + of(step), 0)
  console.log(
    `| all | | no file edited, no command typed in the clinic | ${sum(({ typed }) => typed)} | ${sum(({ seconds }) => seconds).toFixed(1)} |`,
  )
}

try {
  const steps = await firstDay()
  print(steps)
  if (steps.length > MOST_STEPS) process.exitCode = 1
} finally {
  for (const child of running) child.kill()
  await sleep(500)
  rmSync(folder, { recursive: true, force: true })
}
