import type { Command } from 'commander'
import type { AuditRecord } from '../../../agent/deid-records/deid-audit-log.ts'
import { agentSettings } from '../../session/config-file.ts'
import { printJson, type Session } from '../../session/session.ts'
import { formatTable } from '../../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, sinceMs } from '../options.ts'

interface AuditOptions extends JsonOption {
  readonly since: string
  readonly list?: true
}

/** Records of one route and profile, added up. */
interface Sum {
  readonly route: string
  readonly profile: string
  instances: number
  scrubbed: number
  findings: number
  readonly actions: Record<string, number>
  readonly rules: Record<string, number>
}

export function addDeidAudit(deid: Command, session: Session, program: Command): void {
  const { say } = session
  deid
    .command('audit')
    .description(say('deid.audit.about'))
    .option('--since <time>', say('deid.audit.since'), '7d')
    .option('--list', say('deid.audit.list'))
    .addOption(jsonOption(session))
    .action(async (options: AuditOptions) => {
      const { dataFolder } = agentSettings(session, configOption(program))
      const { readDeidAudit } = await import('../../../agent/deid-records/deid-audit-log.ts')
      const since = sinceMs(options.since, session)
      await tell(session, readDeidAudit(dataFolder, since), options)
    })
}

async function tell(
  session: Session,
  records: AsyncIterable<AuditRecord | undefined>,
  { list, json }: AuditOptions,
): Promise<void> {
  const { terminal, say } = session
  const sums = new Map<string, Sum>()
  const listed: AuditRecord[] = []
  let unreadable = 0
  for await (const record of records) {
    if (record === undefined) unreadable++
    else {
      addTo(sums, record)
      if (list) listed.push(record)
    }
  }
  const added = Array.from(sums.values())
  if (json) return printJson(session, { sums: added, unreadable, ...(list && { records: listed }) })
  const lines = list ? listText(listed, session) : sumText(added, session)
  for (const line of lines) terminal.print(line)
  if (unreadable > 0) terminal.say(say('deid.audit.unreadable', { count: unreadable }))
}

function addTo(sums: Map<string, Sum>, { route, deidentified, normalized }: AuditRecord): void {
  const profile = deidentified?.profile ?? ''
  const key = `${route} ${profile}`
  const sum = sums.get(key) ?? {
    route,
    profile,
    instances: 0,
    scrubbed: 0,
    findings: 0,
    actions: {},
    rules: {},
  }
  sums.set(key, sum)
  sum.instances++
  sum.scrubbed += deidentified?.scrubbed ?? 0
  sum.findings += normalized?.findings.length ?? 0
  addCounts(sum.actions, deidentified?.actions)
  addCounts(sum.rules, deidentified?.rules)
  addCounts(sum.rules, normalized?.rules)
}

function addCounts(to: Record<string, number>, from: Readonly<Record<string, number>> = {}): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count
}

function sumText(sums: readonly Sum[], { say }: Session): string[] {
  if (sums.length === 0) return [say('deid.audit.none')]
  const columns = [
    { title: say('column.route') },
    { title: say('column.profile') },
    { title: say('column.instances'), align: 'right' },
    { title: say('column.rule') },
    { title: say('column.count'), align: 'right' },
  ] as const
  const rows = sums.flatMap(({ route, profile, instances, scrubbed, findings, rules }) => {
    const counts = Object.entries(rules).toSorted(([, a], [, b]) => b - a)
    const found = [
      [say('deid.audit.scrubbed'), scrubbed],
      [say('deid.audit.findings'), findings],
    ] as const
    const all = [...counts, ...found.filter(([, count]) => count > 0)]
    return [['', 0] as const, ...all].map(([rule, count], i) =>
      i === 0 ? [route, profile, String(instances), '', ''] : ['', '', '', rule, String(count)],
    )
  })
  return formatTable(columns, rows)
}

function listText(records: readonly AuditRecord[], { say }: Session): string[] {
  if (records.length === 0) return [say('deid.audit.none')]
  return formatTable(
    [
      { title: say('column.arrived') },
      { title: 'ULID' },
      { title: say('column.route') },
      { title: say('column.profile') },
      { title: 'SHA-256' },
    ],
    records.map(({ at, ulid, route, deidentified, before, after }) => [
      at,
      ulid,
      route,
      deidentified?.profile ?? '',
      `${before === undefined ? '' : `${before.slice(0, 16)}… `}→ ${after.slice(0, 16)}…`,
    ]),
  )
}
