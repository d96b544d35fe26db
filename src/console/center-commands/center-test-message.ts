import type { Command } from 'commander'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { openTarget } from '../../messages/targets/open-target.ts'
import { failureFrom } from '../../platform/failure.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { CENTER_FILE, findConfig } from '../session/config-file.ts'
import { EXIT } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { testMessage } from '../views/alarm-message.ts'

/** `ferry-center test-message`: one message to each target, and its answer. */
export function addTestMessage(program: Command, session: Session): void {
  const { say, terminal, clock, causes, signal } = session
  program
    .command('test-message')
    .description(say('testMessage.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      const settings = loadCenterSettings(
        findConfig(session, configOption(program), CENTER_FILE),
        session.language,
      )
      const { messages, name } = settings
      const message = testMessage(name, messages.language, clock.now())
      const results = await Promise.all(
        messages.targets.map(async (target) => {
          const failure = await openTarget(target, clock)
            .send(message, signal)
            .then(
              () => undefined,
              (error: unknown) => failureFrom(error, 'MESSAGE_UNSENT', 'sending a message'),
            )
          return { target: target.name, sent: failure === undefined, reason: failure?.message ?? null }
        }),
      )
      const failed = results.filter(({ sent }) => !sent)
      session.conclude(failed.length > 0 ? EXIT.failed : EXIT.ok)
      if (json) return printJson(session, { results })
      if (results.length === 0) return terminal.print(say('testMessage.none'))
      for (const { target, reason } of results) {
        const text = reason === null ? say('testMessage.sent') : causes(reason)
        terminal.print(`${target}: ${text}`)
      }
    })
}
