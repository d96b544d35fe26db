import { type Command, Option } from 'commander'
import type { Account } from '../../center/register/account-register.ts'
import type { Role } from '../../protocol/page/center-page-api.ts'
import { ROLES } from '../../protocol/page/center-page-api.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { formatTable } from '../views/text-table.ts'

/** `ferry-center account`: who may use the center's page. Only a user who can read the center's folder can run it. */
export function addCenterAccount(program: Command, session: Session): void {
  const { say } = session
  const account = program.command('account').description(say('centerAccount.about'))
  addAdd(account, program, session)
  addList(account, program, session)
  addReset(account, program, session)
  addRemove(account, program, session)
}

function addAdd(account: Command, program: Command, session: Session): void {
  const { say, terminal } = session
  account
    .command('add')
    .description(say('centerAccount.add'))
    .argument('<name>', say('centerAccount.name'))
    .addOption(new Option('--role <role>', say('centerAccount.role')).choices(ROLES).default('viewer'))
    .addOption(jsonOption(session))
    .action(async (name: string, { role, json }: JsonOption & { readonly role: Role }) => {
      using desk = await openDesk(session, configOption(program))
      const password = await desk.addAccount(name, role)
      if (json) return printJson(session, { name, role, password })
      terminal.print(say('centerAccount.added', { name, role: say(`role.${role}`) }))
      terminal.print(say('centerAccount.password', { password }))
    })
}

function addList(account: Command, program: Command, session: Session): void {
  const { say, terminal, clock } = session
  account
    .command('list')
    .description(say('centerAccount.list'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const accounts = await desk.accounts.list()
      if (json) return printJson(session, { accounts: accounts.map(shown) })
      if (accounts.length === 0) return terminal.print(say('centerAccount.none'))
      const columns = ['column.name', 'column.role', 'column.signedIn'] as const
      const rows = accounts.map(({ name, role, signedInAt }) => [
        name,
        say(`role.${role}`),
        signedInAt === null ? say('centerAccount.never') : showTime(signedInAt, clock.now()),
      ])
      for (const line of formatTable(
        columns.map((title) => ({ title: say(title) })),
        rows,
      ))
        terminal.print(line)
    })
}

const shown = ({ name, role, isFirst, createdAt, signedInAt }: Account) => ({
  name,
  role,
  hasFirstPassword: isFirst,
  createdAt,
  signedInAt,
})

function addReset(account: Command, program: Command, session: Session): void {
  const { say, terminal } = session
  account
    .command('reset')
    .description(say('centerAccount.reset'))
    .argument('<name>', say('centerAccount.name'))
    .addOption(jsonOption(session))
    .action(async (name: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const password = await desk.resetAccount(name)
      if (json) return printJson(session, { name, password })
      terminal.print(say('centerAccount.password', { password }))
    })
}

function addRemove(account: Command, program: Command, session: Session): void {
  const { say, terminal } = session
  account
    .command('remove')
    .description(say('centerAccount.remove'))
    .argument('<name>', say('centerAccount.name'))
    .addOption(jsonOption(session))
    .action(async (name: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      await desk.removeAccount(name)
      if (json) return printJson(session, { removed: name })
      terminal.print(say('centerAccount.removed', { name }))
    })
}
