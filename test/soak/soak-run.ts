import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasStorescu } from '../support/peers/storescu.ts'
import { type Account, closeAccount, SentVersions } from './account.ts'
import { centerContents } from './center-contents.ts'
import { DevicePlan } from './device-plan.ts'
import { type DeviceEnd, runDevice } from './devices.ts'
import { type Fault, LINE_FAULTS, PROGRAM_FAULTS, runFaults } from './faults.ts'
import { type Judgement, judgeFlat } from './process-watch.ts'
import { SoakClinic } from './soak-clinic.ts'
import { InstanceMaker } from './soak-instance.ts'
import { SoakRandom } from './soak-random.ts'
import { SoakWatch } from './soak-watch.ts'

interface SoakOptions {
  readonly seed: string
  /** Everything is made in it; short, since a socket's path in it has at most 103 bytes. */
  readonly folder: string
  /** How long devices send and faults happen; then everything may settle. */
  readonly durationMs: number
  readonly devices: number
  /** Rate of all devices together, on average. */
  readonly instancesPerSecond: number
  /** Average time between two faults of the programs, and between two of the lines. */
  readonly faultEveryMs: number
  readonly longestFaultMs: number
  /** None = all that there are. */
  readonly faultNames?: readonly string[]
  /** How long a confirmed instance stays at the agent. */
  readonly retentionMs: number
  /** How long what was begun may take to end. */
  readonly settleMs: number
  readonly sampleEveryMs: number
  readonly sayEveryMs: number
  readonly say: (line: string) => void
}

export interface SoakReport {
  readonly seed: string
  readonly seconds: number
  readonly account: Account
  /** Further faults; the soak has passed if there are no complaints and no inequality in the account. */
  readonly complaints: readonly string[]
  readonly faults: Readonly<Record<string, number>>
  readonly devices: DeviceEnd
  readonly agent: Judgement & { starts: number }
  readonly center: Judgement & { starts: number }
  readonly alarms: Readonly<Record<string, string>>
  /** Spool files removed after their retention. */
  readonly removedAfterRetention: number
  readonly leftoverFilesAtCenter: number
  readonly bytesAtCenter: number
}

/**
 * Raised if an index was lost (it remains until a person has looked), and if that happened while a file was half
 * written: both are faults of this soak (docs/architecture.md).
 */
const EXPECTED_ALARMS: ReadonlySet<string> = new Set(['INDEX_REBUILT', 'SPOOL_FILE_INVALID'])

/** Runs a clinic under devices and faults, lets it settle, and closes the account. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { seed, folder, settleMs, sampleEveryMs, sayEveryMs, say } = options
  const complaints: string[] = []
  const [ending, over] = [new AbortController(), new AbortController()]
  const complain = (words: string): void => {
    say(words)
    complaints.push(words)
    ending.abort()
    over.abort()
  }
  await using clinic = await SoakClinic.open(folder, options.retentionMs, complain)
  const sent = new SentVersions()
  const watch = new SoakWatch({ clinic, sent, sampleEveryMs, sayEveryMs, say })
  const watching = new AbortController()
  const watched = watch.run(watching.signal)

  const timer = setTimeout(() => ending.abort(), options.durationMs)
  const faults = causeFaults(options, clinic, watch, ending.signal).catch((error: unknown) =>
    complain(`a fault could not be caused or mended: ${String(error)}`),
  )
  const devices = runDevices(options, clinic, sent, ending.signal, over.signal)
  await faults
  clearTimeout(timer)
  const tooLate = setTimeout(() => over.abort(), settleMs)
  say('the faults have ended')
  const ends = await devices
  clearTimeout(tooLate)
  if (complaints.length === 0) await settle(watch, settleMs, complain)
  watching.abort()
  await watched
  await clinic.agent.stop()
  await clinic.center.stop()
  rmSync(join(folder, 'outbox'), { recursive: true, force: true })

  clinic.readIndex()
  const { stored, bytes, leftoverFiles } = await centerContents(clinic.centerFolder)
  const account = closeAccount(sent, stored, clinic.confirmed)
  const programs = {
    agent: { ...judgeFlat(watch.samples.agent), starts: clinic.agent.starts },
    center: { ...judgeFlat(watch.samples.center), starts: clinic.center.starts },
  }
  return {
    seed,
    seconds: watch.elapsedMs / 1000,
    account,
    complaints: [...complaints, ...complaintsOf({ ...programs, ends, alarms: watch.alarms })],
    faults: Object.fromEntries(watch.faults),
    devices: ends,
    ...programs,
    alarms: Object.fromEntries(watch.alarms),
    removedAfterRetention: clinic.removed,
    leftoverFilesAtCenter: leftoverFiles,
    bytesAtCenter: bytes,
  }
}

/** Whether everything is as it must be. */
export function isStood({ account, complaints }: SoakReport): boolean {
  return account.inequalities.length === 0 && complaints.length === 0
}

async function causeFaults(
  { seed, durationMs, longestFaultMs, faultEveryMs, faultNames }: SoakOptions,
  clinic: SoakClinic,
  watch: SoakWatch,
  signal: AbortSignal,
): Promise<void> {
  const possible = (fault: Fault): boolean =>
    (faultNames?.includes(fault.name) ?? true) && !(fault.endsProgram && watch.elapsedMs > durationMs / 2)
  const kinds = { programs: PROGRAM_FAULTS, lines: LINE_FAULTS }
  await Promise.all(
    Object.entries(kinds).map(([kind, faults]) => {
      const ground = { clinic, random: new SoakRandom(seed, kind), longestMs: longestFaultMs, signal }
      return runFaults(
        () => faults.filter(possible),
        ground,
        faultEveryMs,
        (name) => watch.fault(name),
      )
    }),
  )
}

async function runDevices(
  { seed, folder, devices, instancesPerSecond }: SoakOptions,
  { door }: SoakClinic,
  sent: SentVersions,
  ending: AbortSignal,
  over: AbortSignal,
): Promise<DeviceEnd> {
  const means = {
    port: door.port,
    maker: new InstanceMaker(seed),
    plan: new DevicePlan(new SoakRandom(seed, 'plan')),
    sent,
    outbox: join(folder, 'outbox'),
    hasStorescu: hasStorescu(),
    instancesPerSecond: instancesPerSecond / devices,
  }
  const names = Array.from({ length: devices }, (_, i) => `DEVICE_${i + 1}`)
  const ends = await Promise.all(
    names.map((aeTitle) =>
      runDevice({ aeTitle, random: new SoakRandom(seed, aeTitle) }, means, ending, over),
    ),
  )
  const total = (of: (end: DeviceEnd) => number): number => ends.reduce((sum, end) => sum + of(end), 0)
  return {
    associations: total((end) => end.associations),
    brokenOff: total((end) => end.brokenOff),
    withStorescu: total((end) => end.withStorescu),
    stillWaiting: total((end) => end.stillWaiting),
  }
}

/** Until nothing is on its way and every study has its receipt. */
async function settle(watch: SoakWatch, settleMs: number, complain: (words: string) => void): Promise<void> {
  const startedAt = watch.elapsedMs
  for (;;) {
    const status = await watch.look()
    if (status !== undefined) {
      const { deliveries, studies } = status
      const { queued, sending, delivered } = deliveries
      if (queued + sending + delivered + studies.open + studies.closed === 0) return
    }
    if (watch.elapsedMs - startedAt > settleMs) {
      const left = JSON.stringify({ deliveries: status?.deliveries, studies: status?.studies })
      return complain(`nothing broke any more, and after ${settleMs / 1000} s not all was settled: ${left}`)
    }
    await sleep(500)
  }
}

interface Findings extends Pick<SoakReport, 'agent' | 'center'> {
  ends: DeviceEnd
  alarms: ReadonlyMap<string, string>
}

function complaintsOf({ agent, center, ends, alarms }: Findings): string[] {
  const found: string[] = []
  for (const [name, { isFlat }] of Object.entries({ agent, center })) {
    if (isFlat === false) found.push(`the memory or the descriptors of the ${name} did not stay flat`)
  }
  if (ends.stillWaiting > 0)
    found.push(`${ends.stillWaiting} instances got no Success, however often they were sent`)
  for (const [alarm, message] of alarms) {
    if (!EXPECTED_ALARMS.has(alarm.split(' ')[0] ?? '')) found.push(`alarm ${alarm}: ${message}`)
  }
  return found
}
