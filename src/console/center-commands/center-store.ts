import type { Command } from 'commander'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import { Failure } from '../../platform/failure.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'

interface AcceptOptions extends JsonOption {
  readonly instances?: number
}

export function addCenterStore(program: Command, session: Session): void {
  const { say } = session
  const store = program.command('store').description(say('centerStore.about'))
  store
    .command('accept')
    .description(say('centerStore.accept'))
    .option('--instances <n>', say('centerStore.instances'), wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .addOption(jsonOption(session))
    .action(async (options: AcceptOptions) => {
      using desk = await openDesk(session, configOption(program))
      await accept(session, desk, options)
    })
}

/** The operator confirms with the number of instances that the register expects, and so has seen it. */
async function accept(
  session: Session,
  desk: OperatorDesk,
  { instances, json }: AcceptOptions,
): Promise<void> {
  const { say, terminal } = session
  const facts = await desk.storeFacts()
  const { folder, listed, studyFolders, isKnown } = facts
  if (isKnown) {
    if (json) return printJson(session, { ...facts, isAccepted: false })
    return terminal.print(say('centerStore.known', { folder }))
  }
  if (instances !== listed) {
    terminal.say(say('centerStore.facts', { folder, listed, studies: studyFolders }))
    throw new Failure('USAGE', say('centerStore.confirm', { listed }))
  }
  await desk.acceptStore()
  if (json) return printJson(session, { ...facts, isAccepted: true })
  terminal.print(say('centerStore.done', { listed }))
}
