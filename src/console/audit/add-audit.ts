import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { AuditTrail } from '../../audit/audit-trail.ts'
import { readTrail } from '../../audit/read-trail.ts'
import { verifyTrail } from '../../audit/verify-trail.ts'
import { type JsonOption, jsonOption, limitOption, sinceMs } from '../commands/options.ts'
import { EXIT } from '../session/exit-codes.ts'
import { osUser } from '../session/os-user.ts'
import { OutputFile } from '../session/output-file.ts'
import { printJson, type Session } from '../session/session.ts'
import { auditTable, breakText } from './audit-text.ts'

interface ListOptions extends JsonOption {
  readonly since: string
  readonly limit: number
}

interface ExportOptions extends JsonOption {
  readonly since?: string
  readonly to: string
}

/** Adds `audit list`, `audit verify` and `audit export`; they work whether the program runs or not. */
export function addAudit(program: Command, session: Session, open: () => Promise<AuditTrail>): void {
  const { say, terminal } = session
  const audit = program.command('audit').description(say('audit.about'))
  audit
    .command('list')
    .description(say('audit.list.about'))
    .option('--since <time>', say('deid.audit.since'), '7d')
    .addOption(limitOption(session))
    .addOption(jsonOption(session))
    .action(async ({ since, limit, json }: ListOptions) => {
      using trail = await open()
      const lines = []
      for await (const line of readTrail(trail.folder, sinceMs(since, session))) {
        lines.push(line)
        if (lines.length > limit) lines.shift()
      }
      if (json) printJson(session, { lines })
      else for (const line of auditTable(lines, session)) terminal.print(line)
    })
  audit
    .command('verify')
    .description(say('audit.verify.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      using trail = await open()
      const { broken, isTorn, ...counts } = await verifyTrail(trail.folder, trail.key, trail.state.head())
      session.conclude(broken === undefined ? EXIT.ok : EXIT.unhealthy)
      const { folder } = trail
      if (json)
        return printJson(session, {
          isWhole: broken === undefined,
          ...counts,
          isTorn,
          broken: broken ?? null,
          folder,
        })
      if (broken === undefined)
        terminal.print(say('audit.whole', { ...counts, key: trail.key.kid.slice(0, 20) }))
      else for (const line of breakText(broken, folder, session)) terminal.print(line)
    })
  audit
    .command('export')
    .description(say('audit.export.about'))
    .requiredOption('--to <file>', say('audit.export.to'))
    .option('--since <time>', say('deid.audit.since'))
    .addOption(jsonOption(session))
    .action(async ({ to, since, json }: ExportOptions) => {
      using trail = await open()
      const path = resolve(terminal.folder, to)
      await using file = await OutputFile.create(path)
      trail.record({ action: 'auditExported', user: osUser(terminal) })
      let messages = 0
      for await (const { message } of readTrail(
        trail.folder,
        since === undefined ? 0 : sinceMs(since, session),
      )) {
        await file.push(Buffer.from(`${message}\n`, 'utf8'))
        messages++
      }
      file.keep()
      if (json) printJson(session, { path, messages })
      else terminal.print(say('audit.exported', { path, count: messages }))
    })
}
