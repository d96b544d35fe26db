import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { openQueue } from '../src/agent/queue/open-queue.ts'
import { systemClock } from '../src/platform/clock.ts'
import { Database } from '../src/platform/sqlite.ts'
import { fillIndex } from '../test/support/instances/large-index.ts'
import { ask, FERRY } from './ferry-cli.ts'
import { AgentProcess, CenterProcess } from './ferry-pair.ts'
import { load } from './load.ts'
import { sendStudy } from './send-study.ts'
import { median, type Sheet } from './table.ts'
import { type BenchOptions, say, workFolder } from './workbench.ts'

const CHROMIUM = '/usr/bin/chromium'
const SCHEMA = join(import.meta.dirname, '../src/agent/queue/schema')
/** Records of an agent after some years, for each instance of the CT set. */
const RECORDS = 1000
const PER_STUDY = 200
const STATEMENT_BYTES = 60_000
/** One in this many still has its file. */
const KEPT = 20
const SENT = 20
const VIEWS = ['studies', 'queue', 'devices', 'held', 'orders', 'log', 'status', 'history'] as const
/** The overview asks these again and again. */
const OVERVIEW: readonly string[] = ['status', 'history']
const FIRST_VIEW_MS = 1000
const FIRST_VIEW_BYTES = 300_000
const STATUS_MS = 300

interface Seen {
  readonly startMs: number
  readonly firstViewMs: number
  readonly firstViewBytes: number
  /** Ms of each question of the page. */
  readonly viewMs: readonly number[]
  /** Ms of the agent's answer to `ferry status`. */
  readonly statusMs: number
}

/** The agent's page and status with an index that hardly holds anything, and with one of a million instances. */
export async function benchPage({ instances, rounds }: BenchOptions, missing: Set<string>): Promise<Sheet[]> {
  if (!existsSync(CHROMIUM)) {
    missing.add('chromium')
    return []
  }
  const count = instances * RECORDS
  await using folder = await workFolder()
  await using center = await CenterProcess.init(join(folder.path, 'center'), 'Bench center')
  await using agent = await AgentProcess.init(join(folder.path, 'agent'), {
    quiet: '1s',
    unknownDevices: 'accept',
  })
  await center.start()
  await agent.join(center, 'Bench clinic')
  await agent.start()
  await sendStudy(agent.scp, (await load('ct', SENT)).instances)
  await agent.confirmed(SENT)
  await agent.stop()
  await using browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  say('a small index')
  const small = await look(agent, browser, rounds)
  say(`an index of ${count} instances`)
  await fill(join(agent.spoolFolder, '..'), count)
  const large = await look(agent, browser, rounds)
  return [
    {
      title: `The agent's page with an index of ${count} instances`,
      columns: ['', `${SENT} instances`, `${count} instances`, 'ratio'],
      lines: [
        lineOf('start to listening, ms', small.startMs, large.startMs),
        lineOf('first view, ms', small.firstViewMs, large.firstViewMs),
        lineOf('first view, kB', small.firstViewBytes / 1000, large.firstViewBytes / 1000),
        ...VIEWS.map((view, i) =>
          lineOf(`/api/${view}, ms`, small.viewMs[i] ?? Number.NaN, large.viewMs[i] ?? Number.NaN),
        ),
        lineOf('status of the agent, ms', small.statusMs, large.statusMs),
      ],
      failures: [
        ...exceeds('the first view takes', large.firstViewMs, FIRST_VIEW_MS, 'ms'),
        ...exceeds('the first view loads', large.firstViewBytes, FIRST_VIEW_BYTES, 'bytes'),
        ...exceeds('the status takes', large.statusMs, STATUS_MS, 'ms'),
      ],
      remarks: [],
    },
  ]
}

const lineOf = (name: string, small: number, large: number): string[] => [
  name,
  small.toFixed(1),
  large.toFixed(1),
  (large / small).toFixed(2),
]

const exceeds = (what: string, found: number, most: number, unit: string): string[] =>
  found <= most ? [] : [`${what} ${Math.round(found)} ${unit}, at most ${most}`]

/** Confirmed instances of past days. Few of them still have a file. */
async function fill(dataFolder: string, count: number): Promise<void> {
  using queue = await openQueue(dataFolder, systemClock, ['center'])
  using open = new DisposableStack()
  const database = open.adopt(Database.open(join(dataFolder, 'queue.sqlite'), SCHEMA), (it) => it.close())
  const large = {
    instances: count,
    perStudy: PER_STUDY,
    untilMs: Date.now() - 3_600_000,
    statementBytes: STATEMENT_BYTES,
  }
  let number = 0
  for (const ulids of fillIndex(database, large)) {
    const removed = ulids.filter(() => number++ % KEPT > 0)
    database.run(
      'UPDATE instance SET removed_at = arrived_at WHERE ulid IN (SELECT value FROM json_each(?))',
      JSON.stringify(removed),
    )
    const gone = new Set(removed)
    for (const ulid of ulids)
      if (!gone.has(ulid)) writeFileSync(queue.spool.placeOf(ulid).path, '', { mode: 0o600 })
  }
}

/** Starts the agent, and looks at its page as a person does. */
async function look(agent: AgentProcess, browser: Browser, rounds: number): Promise<Seen> {
  const begun = performance.now()
  await agent.start()
  const startMs = performance.now() - begun
  // The work that follows a start has ended by then.
  await delay(5000)
  const first: { ms: number; bytes: number }[] = []
  const views: number[][] = []
  const status: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { url } = await ask(FERRY, ['open', '--config', agent.config])
    await using context = await browser.newContext({ locale: 'zh-CN' })
    const page = await context.newPage()
    first.push(await firstView(page, String(url)))
    const answers: number[] = []
    for (const view of VIEWS) answers.push(await answerMs(page, view))
    views.push(answers)
    const asked = performance.now()
    await agent.status()
    status.push(performance.now() - asked)
  }
  await agent.stop()
  return {
    startMs,
    firstViewMs: median(first.map(({ ms }) => ms)),
    firstViewBytes: median(first.map(({ bytes }) => bytes)),
    viewMs: VIEWS.map((_, i) => median(views.map((round) => round[i] ?? Number.NaN))),
    statusMs: median(status),
  }
}

async function firstView(page: Page, url: string): Promise<{ ms: number; bytes: number }> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => void (bytes += encodedDataLength))
  const begun = performance.now()
  await page.goto(url)
  await page.waitForSelector('#count-queued')
  const ms = performance.now() - begun
  await page.waitForLoadState('networkidle').catch(() => {})
  return { ms, bytes }
}

/** Opens a view, and returns the ms from the page's question to the end of the answer. */
async function answerMs(page: Page, view: string): Promise<number> {
  const path = `/api/${view}`
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === path)
  await page.evaluate(`location.hash = '#/${OVERVIEW.includes(view) ? 'overview' : view}'`)
  const response = await answered
  if (!response.ok()) throw new Error(`${path}: ${response.status()}`)
  await response.finished()
  return response.request().timing().responseEnd
}
