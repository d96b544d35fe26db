import { SignIn } from '../../../src/center/accounts/sign-in.ts'
import { observeCenter } from '../../../src/center/operate/observe-center.ts'
import { OperatorDesk } from '../../../src/center/operate/operator.ts'
import { openRegister } from '../../../src/center/register/sqlite/open-register.ts'
import { type CenterPage, startCenterPage } from '../../../src/console/center-web/center-page.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import type { Role } from '../../../src/protocol/page/center-page-api.ts'
import type { Heartbeat } from '../../../src/protocol/report/heartbeat.ts'
import { RunningCenter } from '../centers/running-center.ts'

/** Log2 of scrypt's N for passwords of tests. */
export const QUICK_COST = 8
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const GIB = 1024 ** 3
const LIMITS = { reserveBytes: 0, ballastBytes: 0 }
const ALARMS = {
  agentSilentMs: DAY_MS,
  pacsAwayMs: 60 * MINUTE_MS,
  agentStuckMs: DAY_MS,
  clockOffMs: 5 * MINUTE_MS,
}

/** Twelve invented places, as a district has them. */
export const PLACES = [
  '第一医院',
  '第二医院',
  '中医院',
  '妇幼保健院',
  '东街社区',
  '西街社区',
  '南门社区',
  '北门社区',
  '湖滨社区',
  '山前社区',
  '新村社区',
  '老城社区',
] as const
/** The place whose disk is full: the one that needs help first. */
export const IN_NEED = '湖滨社区'

/** The center's page, with twelve agents in different states behind it. */
export interface OpenedCenterPage extends AsyncDisposable {
  readonly center: RunningCenter
  readonly page: CenterPage
  /** Adds an account whose person has chosen this password. */
  account(name: string, role: Role, password: string): Promise<void>
}

export async function openCenterPage(): Promise<OpenedCenterPage> {
  await using stack = new AsyncDisposableStack()
  const center = stack.use(await RunningCenter.start())
  const { folder, clock } = center
  for (const [i, name] of PLACES.entries()) {
    const agent = await center.enrol(name)
    const body = JSON.stringify(heartbeatOf(clock.now(), i, name === IN_NEED))
    await agent.ask('POST', CENTER_PATHS.heartbeat, { body })
  }
  const where = { folder, publicUrl: 'https://127.0.0.1:8443', clock }
  const register = stack.adopt(openRegister(folder), (it) => it.close())
  const facts = {
    observe: () => observeCenter({ ...where, limits: LIMITS, alarms: ALARMS }),
    openDesk: (user = 'page') => OperatorDesk.open({ ...where, user }),
    reserveBytes: 0,
    version: '0.1.0',
  }
  const { accounts } = register
  const page = stack.use(
    await startCenterPage({
      host: '127.0.0.1',
      port: 0,
      tls: undefined,
      facts,
      accounts,
      clock,
      log: silentLog,
    }),
  )
  const account = async (name: string, role: Role, password: string): Promise<void> => {
    const signIn = new SignIn(accounts, clock, QUICK_COST)
    const first = await signIn.add(name, role)
    await signIn.changePassword(name, first.password, password, '127.0.0.1')
  }
  const all = stack.move()
  return { center, page, account, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function heartbeatOf(now: number, i: number, isFull: boolean): Heartbeat {
  const condition = { severity: 'act', since: now - 20 * MINUTE_MS, subject: null } as const
  const values = { freeBytes: GIB, reserveBytes: 2 * GIB }
  const oldestAt = isFull ? now - 50 * MINUTE_MS : null
  const instances = isFull ? 4210 : 0
  return {
    version: '0.1.0',
    now,
    startedAt: now - DAY_MS,
    clockOffsetMs: 0,
    disk: {
      freeBytes: isFull ? GIB : (60 + i) * GIB,
      reserveBytes: 2 * GIB,
      room: isFull ? 'waiting' : 'enough',
    },
    backlog: { instances, bytes: instances * 500_000, held: 0, oldestAt },
    today: { since: now - 8 * 60 * MINUTE_MS, studies: 12 + 7 * i },
    callers: { refused: 0, pending: 0 },
    devices: [
      {
        aeTitle: 'CT1',
        name: 'CT',
        kind: 'CT',
        lastSeenAt: now,
        lastImageAt: now - MINUTE_MS,
        isSilent: false,
      },
    ],
    conditions: isFull ? [{ ...condition, code: 'STORAGE_FULL', values }] : [],
  }
}
