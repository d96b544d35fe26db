import { resolve } from 'node:path'
import { AGENT_FILE, CENTER_FILE, existingConfig } from '../session/config-file.ts'
import type { Terminal } from '../session/terminal.ts'
import { type PastingShell, shellPath } from '../views/caller-word.ts'

type ProgramName = 'ferry' | 'ferry-center'

/** The first words of commands that texts propose; a test compares them with those of the programs. */
export const PROPOSED: Readonly<Record<ProgramName, readonly string[]>> = {
  ferry:
    'setup open init join run service status devices doctor queue history quarantine spool folders assign orders commitments steps study retry echo send import support-bundle logs audit deid config'.split(
      ' ',
    ),
  'ferry-center':
    'init run invite agents approve revoke unrevoke keys studies status doctor support-bundle lost store register held release retry silence test-message logs audit account config'.split(
      ' ',
    ),
}

/** Commands whose output is not talk: a log, a script, a file. */
const RAW = new Set(['logs', 'completion', 'schema', 'example'])

/**
 * Returns the terminal on which every printed command of the program finds the configuration file that this command was
 * given by `--config`. A file that would be found without the option, and output that programs read, change nothing.
 */
export function pasteableTerminal(
  terminal: Terminal,
  args: readonly string[],
  program: () => string,
): Terminal {
  const named = namedConfig(args)
  if (named === undefined || args.includes('--json') || args.some((arg) => RAW.has(arg))) return terminal
  const path = resolve(terminal.folder, named)
  const pasteable = (line: string): string => {
    const name = program() === 'ferry-center' ? 'ferry-center' : 'ferry'
    const isUsual = path === existingConfig({ terminal }, undefined, FILES[name])
    // A line of JSON is of a log.
    return isUsual || line.startsWith('{') ? line : withConfig(line, name, path)
  }
  const { ask } = terminal
  return {
    ...terminal,
    print: (line) => terminal.print(pasteable(line)),
    say: (line) => terminal.say(pasteable(line)),
    ...(ask !== undefined && { ask: (question: string) => ask(pasteable(question)) }),
  }
}

const FILES = { ferry: AGENT_FILE, 'ferry-center': CENTER_FILE } as const

/** Puts `--config PATH`, quoted for the shell of this machine, after the name of the program in each of its commands. */
export function withConfig(text: string, program: ProgramName, path: string, shell?: PastingShell): string {
  const command = new RegExp(
    String.raw`(?<![\w./\\-])${program}(?= (?:${PROPOSED[program].join('|')})(?![\w-]))`,
    'g',
  )
  return text.replace(command, () => `${program} --config ${shellPath(path, shell)}`)
}

function namedConfig(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === '--config' || arg.startsWith('--config='))
  return args[at]?.startsWith('--config=')
    ? args[at].slice('--config='.length)
    : at < 0
      ? undefined
      : args[at + 1]
}
