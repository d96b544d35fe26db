import { INEQUALITIES } from './account.ts'
import type { Judgement } from './process-watch.ts'
import { isStood, type SoakReport } from './soak-run.ts'

const LISTED = 50

/** The text that a person reads at the end; the JSON next to it has everything. */
export function formatReport(report: SoakReport): string {
  const { account, devices, faults } = report
  const { sent, acknowledged, stored, confirmed, sentOnly } = account
  const rows: (readonly [string, string])[] = [
    ['seed', report.seed],
    ['sent', `${sent} versions of instances in ${devices.associations} associations`],
    ['', `${devices.withStorescu} by storescu, ${devices.brokenOff} broke off`],
    ['acknowledged', String(acknowledged)],
    ['stored', `${stored}, ${(report.bytesAtCenter / 1e6).toFixed(0)} MB at the center`],
    ['confirmed', `${confirmed}; ${report.removedAfterRetention} removed from the spool after retention`],
    ['sent only', `${sentOnly.stored.length} stored all the same, ${sentOnly.notStored.length} not`],
    ['faults', list(faults)],
    ['agent', `${shown(report.agent)}, started ${report.agent.starts} times`],
    ['center', `${shown(report.center)}, started ${report.center.starts} times`],
    ['', `${report.leftoverFilesAtCenter} files at the center that the register does not name`],
    ['alarms', Object.keys(report.alarms).join(', ') || 'none'],
    ['took', `${report.seconds.toFixed(0)} s with settling`],
  ]
  const lines = rows.map(([name, value]) => `${name.padEnd(13)} ${value}`)
  return ['', ...lines, '', ...verdict(report)].join('\n')
}

function verdict(report: SoakReport): string[] {
  if (isStood(report)) return ['EQUAL: what was acknowledged is stored once, byte for byte, and confirmed']
  const { inequalities } = report.account
  const named = inequalities.slice(0, LISTED).map(({ what, sopInstanceUid, dataSetSha256 }) => {
    return `${what} (${INEQUALITIES[what]}): ${sopInstanceUid} with data set ${dataSetSha256.slice(0, 16)}…`
  })
  const more = inequalities.length - named.length
  return [
    'NOT EQUAL',
    ...report.complaints,
    ...named,
    ...(more > 0 ? [`and ${more} more, in the JSON report`] : []),
  ]
}

function shown({ residentBytes, descriptors, lifeMs, bytesPerHour, isFlat }: Judgement): string {
  const megabytes = residentBytes.map((bytes) => (bytes / 1e6).toFixed(0)).join(' → ')
  const verdictWord = isFlat === undefined ? 'too short to judge' : isFlat ? 'flat' : 'NOT FLAT'
  const slope = `${(bytesPerHour / 1e6).toFixed(0)} MB/h`
  const life = `${(lifeMs / 60_000).toFixed(1)} min`
  return `${verdictWord}: ${megabytes} MB (${slope}), ${descriptors.join(' → ')} descriptors in a life of ${life}`
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} × ${name}`)
    .join(', ')
}
