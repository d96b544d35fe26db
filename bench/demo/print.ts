import { styleText } from 'node:util'

/** What the demo says. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** The next thing that happens, and in whose place. */
export function step(who: string, what: string): void {
  say(`${styleText('bold', who.padEnd(9))} ${what}`)
}

/** A command that can be pasted, under what it is good for. */
export function command(purpose: string, line: string): void {
  say(`  ${purpose}`)
  say(`    ${styleText('cyan', line)}`)
}

/** One line that changes on a terminal; elsewhere each new text is a line. */
export class LiveLine {
  #shown = ''

  show(text: string): void {
    if (text === this.#shown) return
    if (process.stdout.isTTY) process.stdout.write(`\r${text.padEnd(this.#shown.length)}`)
    else say(text)
    this.#shown = text
  }

  end(): void {
    if (process.stdout.isTTY && this.#shown !== '') say()
    this.#shown = ''
  }
}
