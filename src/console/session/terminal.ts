import { isatty } from 'node:tty'
import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green'

/** Input and output of a command; handed in, so that tests read what people would see. */
export interface Terminal {
  /** A line of data, for standard output. */
  print(line: string): void
  /** A line of talk, for standard error. */
  say(line: string): void
  /**
   * Shows a line in place of the last one that it showed; '' removes it. Undefined if standard error is not a screen.
   */
  readonly showProgress?: ((line: string) => void) | undefined
  /** Clears the screen if standard output is one. */
  clear(): void
  /** True if standard output is a screen: its text does not end in a file or a log. */
  readonly isTerminal: boolean
  /** Asks a person and resolves with the line typed; undefined if standard input is not a terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** Coloured if standard output is a terminal; NO_COLOR and FORCE_COLOR are obeyed. */
  readonly paint: (style: Style, text: string) => string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The folder to which relative file names refer. */
  readonly folder: string
}

export function systemTerminal(): Terminal {
  const progress = isatty(2) ? new ProgressLine() : undefined
  return {
    print: (line) => {
      progress?.show('')
      process.stdout.write(`${line}\n`)
    },
    say: (line) => {
      progress?.show('')
      process.stderr.write(`${line}\n`)
    },
    showProgress: progress && ((line) => progress.show(line)),
    clear: () => {
      if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J')
    },
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
    isTerminal: isatty(1),
    ask: isatty(0) ? ask : undefined,
    environment: process.env,
    folder: process.cwd(),
  }
}

/** The last line of the screen, which is written again and again. */
class ProgressLine {
  #isShown = false

  show(line: string): void {
    if (line === '' && !this.#isShown) return
    this.#isShown = line !== ''
    // No wrapping meanwhile (DECAWM): the start of a wrapped line could not be reached again.
    process.stderr.write(`\r\u001b[2K\u001b[?7l${line}\u001b[?7h`)
  }
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  using lines = createInterface({ input: process.stdin, output: process.stderr })
  return await lines.question(question)
}
