import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { askAgent } from '../../../agent/send/ask-agent.ts'
import type { CenterAccount } from '../../../agent/send/center-account.ts'
import { CenterClient } from '../../../agent/send/center-client.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, systemCode } from '../../../platform/failure.ts'
import { ownVersion } from '../../../platform/process/own-version.ts'
import { CENTER_PATHS, VERSION_HEADER } from '../../../protocol/center-api.ts'
import { clockFindings } from '../../views/health.ts'
import type { CheckName, DoctorFinding, Exam } from './exam.ts'

const CONNECT_MS = 10_000

interface LineState {
  readonly findings: DoctorFinding[]
  readonly isReached: boolean
}

/** Name and port of a server answer; further steps are of use only then. */
export async function examineWay(
  exam: Exam,
  url: string,
  checks: { name: CheckName; tcp: CheckName },
): Promise<LineState> {
  const { hostname, port: named, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const port = Number(named === '' ? (protocol === 'http:' ? 80 : 443) : named)
  const findings: DoctorFinding[] = []
  if (isIP(host) === 0) {
    const addresses = await addressesOf(host)
    if (typeof addresses === 'string')
      return {
        findings: [exam.bad(checks.name, 'nameUnknown', { host, reason: addresses })],
        isReached: false,
      }
    findings.push(exam.good(checks.name, 'name', { host, addresses: addresses.join(', ') }))
  } else findings.push(exam.good(checks.name, 'nameIsAddress', { host }))
  const trouble = await tryToConnect(host, port, exam.session.clock)
  const values = { host, port, reason: exam.session.causes(trouble ?? '') }
  if (trouble === undefined) findings.push(exam.good(checks.tcp, 'tcp', values))
  else findings.push(exam.bad(checks.tcp, faultOf(trouble), values))
  return { findings, isReached: trouble === undefined }
}

function faultOf(code: string): 'tcpRefused' | 'tcpSilent' | 'tcpNoWay' | 'tcpFails' {
  switch (code) {
    case 'ECONNREFUSED':
      return 'tcpRefused'
    case 'ETIMEDOUT':
      return 'tcpSilent'
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
      return 'tcpNoWay'
  }
  return 'tcpFails'
}

async function addressesOf(host: string): Promise<string[] | string> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    return systemCode(error) ?? 'unknown'
  }
}

async function tryToConnect(host: string, port: number, clock: Clock): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = connect({ host, port }, () => resolve(undefined))
  socket.on('error', (error) => resolve(systemCode(error) ?? error.message))
  const timer = clock.after(CONNECT_MS, () => resolve('ETIMEDOUT'))
  const trouble = await promise
  timer.cancel()
  socket.destroy()
  return trouble
}

/** TLS, the center's key, its answer to this agent, and the clocks: as the agent itself asks. */
export async function examineCenter(exam: Exam, account: CenterAccount): Promise<DoctorFinding[]> {
  const { clock, signal } = exam.session
  const { url, center } = account.address()
  await using client = new CenterClient({
    url,
    center,
    pins: () => account.keyList().tlsPins,
    signingKey: account.signingKey,
    clock,
  })
  try {
    await client.request({ method: 'GET', path: CENTER_PATHS.health, signal })
  } catch (error) {
    return [exam.failed('tls', error, 'CENTER_UNREACHABLE', `asking ${url}`)]
  }
  const reached = [exam.good('tls', 'tls', { url }), ...clocks(exam, client.clockOffsetMs)]
  try {
    // Without a run of its own: the running agent is not to be mistaken for a second machine.
    const { headers } = await client.request({
      method: 'GET',
      path: CENTER_PATHS.keys,
      signal,
      also: [401, 403],
    })
    const { cloned } = await askAgent(client, '', signal)
    const clone = new Failure(
      'AGENT_CLONED',
      'the center hears two machines in turns that use the key of this agent',
    )
    const identity = cloned
      ? exam.failed('identity', clone, 'AGENT_CLONED', '')
      : exam.good('identity', 'identity')
    return [
      ...reached,
      exam.good('membership', 'membership', { name: account.keyList().centerName }),
      ...versions(exam, headers[VERSION_HEADER]),
      identity,
    ]
  } catch (error) {
    return [...reached, exam.failed('membership', error, 'CENTER_ANSWER_INVALID', 'asking the center')]
  }
}

/** Both speak the same protocol, or the steps before had failed; people are told if one of them is behind. */
function versions(exam: Exam, header: string | string[] | undefined): DoctorFinding[] {
  const [own, center] = [ownVersion(), header]
  if (typeof center !== 'string') return []
  const values = { own, center: /^[\w.+-]{1,40}$/.test(center) ? center : '?' }
  return [
    own === center ? exam.good('version', 'version', values) : exam.note('version', 'otherVersion', values),
  ]
}

/** The offset in the sense of CenterClient: how far the center's clock is ahead. */
function clocks(exam: Exam, offsetMs: number | undefined): DoctorFinding[] {
  const { say } = exam.session
  const findings = clockFindings({ clockOffsetMs: offsetMs === undefined ? null : -offsetMs }, say)
  if (findings.length > 0) return findings.map((finding) => exam.status('clock', finding))
  return [exam.good('clock', 'clock', { seconds: Math.round(Math.abs(offsetMs ?? 0) / 1000) })]
}
