import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { centerMessage } from '../../src/console/views/alarm-message.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { openTarget } from '../../src/messages/targets/open-target.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import type { Heartbeat } from '../../src/protocol/report/heartbeat.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { newUid, packOf, type SpoolFixture, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { MailServer, WebhookStub } from '../support/peers/message-stubs.ts'
import { StowStub, stowModule } from '../support/peers/stow-stub.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const TIMES = { afterMs: 20_000, repeatMs: DAY_MS }
const PASSWORD = 'correct horse battery'

/** A center with two targets of messages, a PACS, and clinics that report as a test wants them to. */
async function openDistrict() {
  const stack = new AsyncDisposableStack()
  const [clock, folder] = [new ManualClock(), stack.use(tempFolder())]
  const webhook = stack.use(await WebhookStub.start())
  const mail = stack.use(await MailServer.start(PASSWORD))
  let isDenied = false
  const pacs = stack.use(
    await StowStub.start(({ files }) => {
      const uids = files.map((file) => parsePart10Header(file)?.sopInstanceUid ?? '')
      return isDenied ? { status: 401 } : { status: 200, body: stowModule(uids) }
    }),
  )
  writeFileSync(folder.join('url'), `${webhook.url}/hook?key=SECRET-KEY\n`)
  writeFileSync(folder.join('password'), `${PASSWORD}\n`)
  const config = folder.join('center.yaml')
  const settings = (dataFolder: string): string => `
name: District center
publicUrl: https://127.0.0.1:8443
dataFolder: ${dataFolder}
limits: {reserve: 64MiB, ballast: 0B}
messages:
  language: en
  targets:
  - {name: desk, webhook: {urlFile: url}}
  - name: post
    mail:
      {host: 127.0.0.1, port: ${mail.port}, security: none, username: ferry, passwordFile: password, from: ferry@example.org, to: [duty@example.org]}
`
  const targets = [
    openTarget({ name: 'desk', kind: 'webhook', webhook: { urlFile: folder.join('url') } }, clock),
    openTarget(
      {
        name: 'post',
        kind: 'mail',
        mail: {
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          username: 'ferry',
          passwordFile: folder.join('password'),
          from: 'ferry@example.org',
          to: ['duty@example.org'],
        },
      },
      clock,
    ),
  ]
  const compose = centerMessage('District center', 'en')
  const center = stack.use(
    await RunningCenter.start({
      clock,
      pacs: { url: pacs.url, timeoutMs: 10_000 },
      messages: { targets, times: TIMES, compose },
    }),
  )
  writeFileSync(config, settings(center.folder))
  const command = (...args: string[]) =>
    runCommand(folder.path, ['--config', config, ...args], { program: ferryCenterProgram, clock })
  const north = await center.enrol('North')
  const recipients = await center.recipients(north)
  const heard = new Map<EnrolledAgent, Partial<Heartbeat>>([[north, {}]])
  const allTell = async (): Promise<void> => {
    for (const [agent, told] of heard) {
      const body = JSON.stringify({ ...HEARTBEAT, now: clock.now(), startedAt: clock.now(), ...told })
      const { status } = await agent.ask('POST', CENTER_PATHS.heartbeat, { body })
      expect(status).toBe(200)
    }
  }
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await allTell()
    await sleep(30)
  }
  return {
    clock,
    webhook,
    mail,
    center,
    command,
    north,
    heard,
    pass,
    deny: (denies: boolean) => {
      isDenied = denies
    },
    deliver: async (envelope: Partial<SpoolFixture['envelope']> = { studyInstanceUid: newUid() }) => {
      const file = spoolFile({ recipients, envelope })
      await north.deliver(packOf([file]))
      return file
    },
    again: (file: SpoolFixture) => north.deliver(packOf([file])),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

type District = Awaited<ReturnType<typeof openDistrict>>

const HEARTBEAT: Omit<Heartbeat, 'now' | 'startedAt'> = {
  version: '0.1.0',
  clockOffsetMs: null,
  disk: { freeBytes: 1000, reserveBytes: 2000, room: 'nothing' },
  backlog: { instances: 0, bytes: 0, held: 0, oldestAt: null },
  today: { since: 0, studies: 0 },
  callers: { refused: 0, pending: 0 },
  devices: [],
  conditions: [],
}

interface Posted {
  readonly title: string
  readonly begun: readonly { readonly code: string; readonly what: string }[]
  readonly ended: readonly { readonly code: string }[]
}

const posted = ({ webhook }: District): Posted[] => webhook.posted.map(({ body }) => JSON.parse(body))
const begun = (district: District): string[] =>
  posted(district).flatMap(({ begun: items }) => items.map(({ code }) => code))
const ended = (district: District): string[] =>
  posted(district).flatMap(({ ended: items }) => items.map(({ code }) => code))

/** Lets ten seconds after ten seconds pass until it is so. */
async function passUntil(district: District, isSo: () => boolean): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    if (i > 200) throw new Error(`not so after ${i} steps: ${JSON.stringify(posted(district).slice(-2))}`)
    await district.pass(10_000)
  }
}

const reports = (code: string, more: object = {}) => ({
  conditions: [{ code, severity: 'act' as const, since: null, subject: null, values: {}, ...more }],
})

let south: EnrolledAgent | undefined
let first: SpoolFixture | undefined

interface Case {
  readonly name: string
  readonly code: string
  readonly cause: (district: District) => Promise<unknown> | void
  readonly cure: (district: District) => Promise<unknown> | void
}

const CASES: readonly Case[] = [
  {
    name: 'a clinic that is silent for two days',
    code: 'AGENT_SILENT',
    cause: async ({ center, pass }) => {
      south = await center.enrol('South')
      await pass(2 * DAY_MS)
    },
    cure: ({ heard }) => void (south && heard.set(south, {})),
  },
  {
    name: 'a silent device',
    code: 'DEVICE_SILENT',
    cause: ({ heard, north }) =>
      void heard.set(
        north,
        reports('DEVICE_SILENT', { subject: 'CT1', values: { device: 'CT room 1 (CT1)' } }),
      ),
    cure: ({ heard, north }) => void heard.set(north, {}),
  },
  {
    name: 'a full disk',
    code: 'AGENT_STORAGE_FULL',
    cause: ({ heard, north }) => void heard.set(north, reports('STORAGE_FULL')),
    cure: ({ heard, north }) => void heard.set(north, {}),
  },
  {
    name: 'a clock that is off',
    code: 'CLOCK_OFF',
    cause: ({ heard, north, clock }) => void heard.set(north, { now: clock.now() + DAY_MS }),
    cure: ({ heard, north }) => void heard.set(north, {}),
  },
  {
    name: 'a PACS that answers 401',
    code: 'PACS_DENIES_US',
    cause: async (district) => {
      district.deny(true)
      first = await district.deliver()
    },
    cure: async ({ deny, center }) => {
      deny(false)
      await center.desk.retryPacs()
    },
  },
  {
    name: 'a conflict',
    code: 'CONFLICTS',
    cause: ({ deliver }) => {
      const { studyInstanceUid = '', sopInstanceUid = '' } = first?.envelope ?? {}
      return deliver({ studyInstanceUid, sopInstanceUid })
    },
    cure: ({ center }) =>
      center.desk.release({ studyInstanceUid: first?.envelope.studyInstanceUid ?? '' }, 'an operator'),
  },
  {
    name: 'a lost file',
    code: 'INSTANCES_LOST',
    cause: async ({ center, pass }) => {
      const lost = storedAtCenter(center.folder).find(
        ({ dataSetSha256 }) => dataSetSha256 === first?.trailer.dataSetSha256,
      )
      rmSync(lost?.path ?? '')
      await pass(DAY_MS)
    },
    cure: ({ again }) => (first === undefined ? undefined : again(first)),
  },
]

describe('what needs a person is told once, shown by the status, and cleared by itself', () => {
  let district: District
  beforeAll(async () => {
    district = await openDistrict()
  }, 60_000)
  afterAll(() => district[Symbol.asyncDispose]())

  test.each(CASES)(
    '$name',
    async ({ code, cause, cure }) => {
      const { command, mail } = district
      const mailsBefore = mail.mails.length
      await cause(district)
      // Each target has its own minute: both have been told before the cure.
      await passUntil(district, () => begun(district).includes(code) && mail.mails.length === mailsBefore + 1)
      const status = await command('status', '--json')
      expect(status.exitCode).toBe(13)
      expect(JSON.parse(status.out).findings).toContainEqual(
        expect.objectContaining({ code, severity: 'act', since: expect.any(Number) }),
      )
      await cure(district)
      await passUntil(district, () => ended(district).includes(code) && mail.mails.length === mailsBefore + 2)
      expect(begun(district).filter((one) => one === code)).toHaveLength(1)
      expect(posted(district).at(-1)?.title).toBe(
        '[Ferry] District center: all clear, no problem needs a person',
      )
      expect(mail.mails.at(-1)).toContain('all clear')
      expect((await command('status')).exitCode).toBe(0)
    },
    60_000,
  )

  test('a silence keeps messages back and not the status, and is on record when it is over', async () => {
    const { command, heard, north, pass, webhook } = district
    const silence = await command('silence', 'AGENT_STORAGE_FULL', 'North', '--until', '2h', '--json')
    expect(silence.exitCode).toBe(0)
    heard.set(north, reports('STORAGE_FULL'))
    const before = webhook.posted.length
    for (let i = 0; i < 20; i++) await pass(10_000)
    expect(webhook.posted.length).toBe(before)
    const status = await command('status')
    expect(status.exitCode).toBe(13)
    expect(status.out).toContain('messages silenced until')
    expect((await command('silence', 'end', String(JSON.parse(silence.out).silence.id))).exitCode).toBe(0)
    await passUntil(district, () => webhook.posted.length > before)
    heard.set(north, {})
    await passUntil(district, () => webhook.posted.length > before + 1)
    expect((await command('silence', 'list')).out).toContain('over')
    expect((await command('silence', 'NO_SUCH_CODE', '--until', '2h')).err).toContain('NO_SUCH_CODE')
  }, 60_000)

  test('a problem shorter than the wait sends nothing', async () => {
    const { heard, north, pass, webhook } = district
    const before = webhook.posted.length
    heard.set(north, reports('STORAGE_FULL'))
    await pass(10_000)
    heard.set(north, {})
    for (let i = 0; i < 20; i++) await pass(10_000)
    expect(webhook.posted.length).toBe(before)
  }, 60_000)

  test('a target that fails is a condition of its own, is tried again, and gets what is the case then', async () => {
    const { command, heard, north, webhook, mail } = district
    const before = mail.mails.length
    webhook.answer = { status: 500, body: '' }
    heard.set(north, reports('STORAGE_FULL'))
    await passUntil(district, () => mail.mails.length >= before + 2)
    const status = await command('status', '--json')
    expect(status.out).toContain('"MESSAGES_UNSENT"')
    expect(status.out).not.toContain('SECRET-KEY')
    webhook.answer = { status: 200, body: '' }
    heard.set(north, {})
    await passUntil(district, () => mail.mails.at(-1)?.includes('all clear') === true)
    expect((await command('status')).exitCode).toBe(0)
  }, 60_000)

  test('the test message goes to every target, and the answer is in words without a secret', async () => {
    const { command, webhook } = district
    const before = webhook.posted.length
    const sent = await command('test-message')
    expect([sent.exitCode, sent.out]).toEqual([0, 'desk: sent\npost: sent\n'])
    expect(webhook.posted.length).toBe(before + 1)
    webhook.answer = { status: 403, body: '' }
    const refused = await command('test-message')
    expect(refused.exitCode).toBe(1)
    expect(refused.out).toContain('403')
    expect(refused.out + refused.err).not.toContain('SECRET-KEY')
    webhook.answer = { status: 200, body: '' }
  })
})
