import type { DevicesView, DeviceView } from '../../protocol/control-api.ts'
import type { Say } from '../language/language.ts'
import type { Session } from '../session/session.ts'
import { deviceProblemText } from './device-problem-text.ts'
import { showBytes, showTime } from './show-values.ts'
import { sopClassSummary } from './sop-class-summary.ts'
import { formatTable, printable } from './text-table.ts'

/** The table of devices; below it the proposal and the advice for each one that is not accepted. */
export function devicesText({ devices }: DevicesView, session: Session): string[] {
  const { say, language, causes, clock } = session
  if (devices.length === 0) return [say('report.noDevices')]
  const now = clock.now()
  const table = formatTable(
    [
      { title: say('column.state') },
      { title: say('column.aeTitle') },
      { title: say('column.name') },
      { title: say('column.kind') },
      { title: say('column.address') },
      { title: say('column.lastSeen') },
      { title: say('column.associations'), align: 'right' },
      { title: say('column.instances'), align: 'right' },
      { title: say('column.size'), align: 'right' },
      { title: say('column.problem') },
    ],
    devices.map((device) => [
      say(`device.${device.state}`),
      device.callingAeTitle === '' ? '?' : device.callingAeTitle,
      [device.name ?? '', device.room ?? ''].filter((text) => text !== '').join(', '),
      device.kind ?? '',
      device.peerAddress ?? device.addresses.join(', '),
      device.lastSeenAt === null ? say('time.never') : showTime(device.lastSeenAt, now),
      String(device.associations),
      String(device.instances),
      showBytes(device.bytes),
      device.problem === null
        ? ''
        : `${showTime(device.problem.at, now)} ${deviceProblemText(device, say, language, causes).what}`,
    ]),
  )
  return [...table, ...devices.flatMap((device) => advice(device, session).map(printable))]
}

/** Describes when it last sent an instance and which, or that it only called. */
export function lastSentText(device: DeviceView, { say, clock }: Session): string {
  const { lastInstance, peerAddress, lastSeenAt } = device
  const now = clock.now()
  const address = peerAddress ?? ''
  if (lastInstance !== null)
    return printable(
      say('devices.lastSent', { address, ...lastInstance, at: showTime(lastInstance.at, now) }),
    )
  return printable(say('devices.lastCalled', { address, at: showTime(lastSeenAt ?? now, now) }))
}

function advice(device: DeviceView, session: Session): string[] {
  const { say, language, causes } = session
  const { proposal, problem, state } = device
  if (problem === null || state === 'ignored' || (state === 'known' && !isNewest(device))) return []
  const { callingAeTitle, peerAddress } = device
  const who = `${callingAeTitle === '' ? '?' : callingAeTitle} (${peerAddress ?? ''})`
  const { what, todo } = deviceProblemText(device, say, language, causes)
  return [
    '',
    `${who}: ${what}`,
    ...(proposal === null || state === 'known' ? [] : [`  ${proposalText(device, say)}`]),
    `  → ${todo}`,
  ]
}

/** Nothing has come in since. */
const isNewest = ({ problem, lastInstance }: DeviceView): boolean =>
  problem !== null && (lastInstance === null || problem.at >= lastInstance.at)

function proposalText({ proposal, calledAeTitle }: DeviceView, say: Say): string {
  if (proposal === null) return ''
  const { sopClasses, moreSopClasses, transferSyntaxes, implementationVersionName } = proposal
  return say('devices.proposal', {
    called: calledAeTitle ?? '',
    implementation: implementationVersionName ?? '?',
    sopClasses: sopClassSummary(sopClasses, moreSopClasses),
    transferSyntaxes: shortList(transferSyntaxes),
  })
}

const MOST_SYNTAXES = 4

function shortList(names: readonly string[]): string {
  return names.length <= MOST_SYNTAXES
    ? names.join(', ')
    : `${names.slice(0, MOST_SYNTAXES).join(', ')} … (${names.length})`
}
