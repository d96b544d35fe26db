import type { Command } from 'commander'
import { causesIn } from '../language/cause-text.ts'
import { speak } from '../language/language.ts'
import { printJson, type Session } from '../session/session.ts'
import { collectDevice, type DeviceChoice } from '../setup/device-option.ts'
import { NO_QUESTIONS, type Questions } from '../setup/questions.ts'
import type { SetupResult } from '../setup/set-up-agent.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from './options.ts'

interface SetupOptions extends JsonOption {
  readonly name?: string
  readonly aeTitle?: string
  readonly port?: number
  readonly joinCode?: string
  readonly device: readonly DeviceChoice[]
  readonly test: boolean
  readonly yes?: true
}

export function addSetup(program: Command, session: Session): void {
  const { say } = session
  program
    .command('setup')
    .description(say('setup.about'))
    .option('--name <name>', say('setup.name'))
    .option('--ae-title <aet>', say('init.aeTitle'))
    .option('--port <port>', say('init.port'), wholeNumber(1, 65_535))
    .option('--join-code <code>', say('setup.code'))
    .option('--device <device>', say('setup.device'), collectDevice(say), [])
    .option('--no-test', say('setup.noTest'))
    .option('--yes', say('setup.yes'))
    .addOption(jsonOption(session))
    .action((options: SetupOptions) => setup(session, program, options))
}

async function setup(session: Session, program: Command, options: SetupOptions): Promise<void> {
  const { joinCode: code, device: devices, test: isTestWanted, json, name, aeTitle, port } = options
  // Loaded when they are wanted, as in `ferry run`.
  const { setUpAgent } = await import('../setup/set-up-agent.ts')
  const questions = await questionsFor(session, options)
  const spoken = await inChosenLanguage(session, program, questions)
  const choices = { name, aeTitle, port, code, devices, isTestWanted }
  const result = await setUpAgent(spoken, configOption(program), choices, questions)
  if (json) return printJson(session, result)
  const remains = remainsOf(result)
  if (remains.length === 0) return spoken.terminal.print(spoken.say('setup.ready'))
  spoken.terminal.print(spoken.say('setup.remains'))
  for (const one of remains) spoken.terminal.print(`  - ${spoken.say(`setup.remains.${one}`)}`)
}

/** Only a person at a terminal is asked. */
async function questionsFor({ terminal }: Session, { yes, json }: SetupOptions): Promise<Questions> {
  if (yes || json || terminal.ask === undefined || !terminal.isTerminal) return NO_QUESTIONS
  return (await import('../setup/terminal-questions.ts')).TERMINAL_QUESTIONS
}

async function inChosenLanguage(session: Session, program: Command, questions: Questions): Promise<Session> {
  if (program.opts<{ lang?: string }>().lang !== undefined) return session
  const choices = [
    { value: 'zh', label: '中文' },
    { value: 'en', label: 'English' },
  ]
  const language =
    (await questions.choose(session.say('setup.askLanguage'), choices, session.language)) === 'zh'
      ? 'zh'
      : 'en'
  return { ...session, language, say: speak(language), causes: causesIn(language) }
}

function remainsOf({ isRunning, center, devices, isReceipted }: SetupResult) {
  return [
    ...(isRunning ? [] : (['start'] as const)),
    ...(center === null ? (['join'] as const) : []),
    ...(devices === 0 ? (['device'] as const) : []),
    ...(isRunning && center !== null && isReceipted !== true ? (['test'] as const) : []),
  ]
}
