import type { Command } from 'commander'
import { ownVersion } from '../../platform/process/own-version.ts'
import { configOption } from '../commands/options.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import { actAsOwner } from '../session/act-as-owner.ts'
import { type ConfigName, pathsOfSystem } from '../session/config-file.ts'
import type { Session } from '../session/session.ts'
import { helpWords } from '../usage/help-words.ts'
import { SpokenCommand } from '../usage/spoken-command.ts'

/** A program with the options that all of its commands share. */
export function newProgram(session: Session, name: string, about: Phrase, configFile: ConfigName): Command {
  const { terminal, say } = session
  return (
    new SpokenCommand(name, say)
      .description(say(about))
      .version(ownVersion(), '-V, --version', say('option.version'))
      .helpOption('-h, --help', say('option.help'))
      .configureHelp(helpWords(say))
      .option(
        '--config <file>',
        say('option.config', { file: configFile, system: pathsOfSystem(configFile).configFile }),
      )
      .option('--lang <lang>', say('option.lang'))
      .option('--verbose', say('option.verbose'))
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.print(text.trimEnd()),
        writeErr: (text) => terminal.say(text.trimEnd()),
      })
      .showHelpAfterError(false)
      // The words are those of groups (`ferry deid help check`); the program has a command of its own.
      .helpCommand('help [command]', say('help.about'))
      .helpCommand(false)
      .hook('preAction', (program, command) => {
        if (keepsRoot(command)) return
        const writesForPerson = WRITES_FOR_PERSON.has(`${name} ${fullName(command)}`)
        const rights = writesForPerson ? 'laid aside' : 'given up'
        const config = actAsOwner(session, configOption(program), configFile, rights)
        // The owner may have no right to look for it again: root's own folder is often the current one.
        if (config !== undefined) program.setOptionValue('config', config)
      })
  )
}

/** Commands that write nothing into the data folder, and may have to read files of the person who typed them. */
const KEEPS_ROOT: ReadonlySet<string> = new Set([
  'doctor',
  'echo',
  'help',
  'import',
  'logs',
  'support-bundle',
  'send',
  'version',
  'config schema',
  'deid check',
  'deid preview',
])

/** Commands that also write a secret to a file of the person who typed them. */
const WRITES_FOR_PERSON: ReadonlySet<string> = new Set([
  'ferry-center init',
  'ferry-center keys add-recovery',
])

const keepsRoot = (command: Command): boolean => KEEPS_ROOT.has(fullName(command))

function fullName(command: Command): string {
  const group = command.parent?.parent ? `${command.parent.name()} ` : ''
  return `${group}${command.name()}`
}
