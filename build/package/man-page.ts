import { type CommandTree, commandTree, everyCommand } from '../../src/console/completion/command-tree.ts'
import { causesIn } from '../../src/console/language/cause-text.ts'
import { type Language, speak } from '../../src/console/language/language.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import { systemTerminal } from '../../src/console/session/terminal.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { PackagedProgram } from './programs.ts'

/** Returns all commands of a program, with the words of one language. */
export async function commandsOf({ program }: PackagedProgram, language: Language): Promise<CommandTree> {
  const session = {
    language,
    say: speak(language),
    causes: causesIn(language, { verbose: false }),
    terminal: systemTerminal(),
    clock: systemClock,
    signal: new AbortController().signal,
    conclude: () => {},
  }
  return commandTree(program === 'agent' ? await ferryProgram(session, []) : ferryCenterProgram(session))
}

const TITLES = {
  en: { name: 'NAME', synopsis: 'SYNOPSIS', options: 'OPTIONS', commands: 'COMMANDS', files: 'FILES' },
  zh: { name: '名称', synopsis: '用法', options: '选项', commands: '命令', files: '文件' },
} as const

/** Returns a man page (man(7)) of a program and all of its commands. `time` is in seconds since 1970. */
export function manPage(
  tree: CommandTree,
  { configFile, dataFolder, unit }: PackagedProgram,
  { version, time, language }: { version: string; time: number; language: Language },
): string {
  const title = TITLES[language]
  const date = new Date(time * 1000).toISOString().slice(0, 10)
  const commands = everyCommand(tree).filter(
    ({ commands: inner, path }) => inner.length === 0 && path !== tree.path,
  )
  return [
    `.TH ${tree.name.toUpperCase()} 1 ${date} "Ferry ${version}"`,
    `.SH ${title.name}`,
    `${roff(tree.name)} \\- ${roff(tree.about)}`,
    `.SH ${title.synopsis}`,
    `.B ${roff(tree.name)}`,
    roff(tree.usage),
    `.SH ${title.options}`,
    ...optionLines(tree),
    `.SH ${title.commands}`,
    ...commands.flatMap((one) => [
      `.SS ${roff(`${one.path} ${one.usage}`)}`,
      roff(one.about),
      ...optionLines(one),
    ]),
    `.SH ${title.files}`,
    ...[configFile, dataFolder, `/usr/lib/systemd/system/${unit}`].flatMap((file) => [
      '.TP',
      `.I ${roff(file)}`,
    ]),
    '',
  ].join('\n')
}

function optionLines({ options }: CommandTree): string[] {
  return options.flatMap(({ flags, about }) => ['.TP', `.B ${roff(flags)}`, roff(about)])
}

/** A backslash and a hyphen are written as escapes; a line may not begin with a dot or an apostrophe. */
function roff(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)
}
