import { type CommandTree, everyCommand } from './command-tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Returns a script by which this shell completes commands and options; everywhere else it completes file names. */
export function completionScript(shell: Shell, tree: CommandTree): string {
  switch (shell) {
    case 'bash':
      return bashScript(tree)
    case 'zsh':
      return zshScript(tree)
    case 'fish':
      return fishScript(tree)
  }
}

function bashScript(tree: CommandTree): string {
  const name = functionOf(tree)
  return `# bash completion of ${tree.name}
${name}() {
  local at=${quoted(tree.name)} words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
${stepInto(tree, '${COMP_WORDS[i]}')}
  done
  case "$at" in
${everyCommand(tree)
  .map((one) => `    ${quoted(one.path)}) words=${quoted(wordsAfter(one).join(' '))} ;;`)
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${name} ${tree.name}
`
}

function zshScript(tree: CommandTree): string {
  const name = functionOf(tree)
  const item = (word: string, about: string): string => quoted(`${word.replaceAll(':', '\\:')}:${about}`)
  const items = ({ commands, options }: CommandTree): string[] => [
    ...commands.map((inner) => item(inner.name, inner.about)),
    ...options.flatMap(({ long, about }) => (long === undefined ? [] : [item(long, about)])),
  ]
  return `#compdef ${tree.name}
${name}() {
  local at=${quoted(tree.name)} i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
${stepInto(tree, '${words[i]}')}
  done
  case "$at" in
${everyCommand(tree)
  .map((one) => `    ${quoted(one.path)}) items=(${items(one).join(' ')}) ;;`)
  .join('\n')}
  esac
  _describe -V ${tree.name} items || _files
}
if [ "$funcstack[1]" = ${name} ]; then ${name} "$@"; else compdef ${name} ${tree.name}; fi
`
}

function fishScript(tree: CommandTree): string {
  const name = `_${functionOf(tree)}_at`
  const lines = everyCommand(tree).flatMap((one) => {
    const start = `complete -c ${tree.name} -n ${quoted(`test (${name}) = "${one.path}"`)}`
    return [
      ...one.commands.map((inner) => `${start} -a ${inner.name} -d ${fishQuoted(inner.about)}`),
      ...one.options.map(({ long, short, takesValue, about }) =>
        [
          start,
          ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
          ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
          ...(takesValue ? ['-r'] : []),
          `-d ${fishQuoted(about)}`,
        ].join(' '),
      ),
    ]
  })
  const paths = everyCommand(tree).map(({ path }) => quoted(path))
  return `# fish completion of ${tree.name}
function ${name}
  set -l at ${tree.name}
  for word in (commandline -opc)[2..-1]
    contains -- "$at $word" ${paths.join(' ')}; and set at "$at $word"
  end
  echo $at
end
${lines.join('\n')}
`
}

/** Shell lines that go one command deeper if the word is one of its commands. */
function stepInto(tree: CommandTree, word: string): string {
  const below = everyCommand(tree).slice(1)
  if (below.length === 0) return '    :'
  return `    case "$at ${word}" in
      ${below.map(({ path }) => quoted(path)).join('|')}) at="$at ${word}" ;;
    esac`
}

function wordsAfter({ commands, options }: CommandTree): string[] {
  return [...commands.map(({ name }) => name), ...options.flatMap(({ long }) => long ?? [])]
}

const functionOf = ({ name }: CommandTree): string => `_${name.replaceAll('-', '_')}`

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const fishQuoted = (text: string): string =>
  `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
