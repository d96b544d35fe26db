import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

interface JournalQuestion {
  readonly unit: string
  /** Ms since 1970; 0 = from the beginning. */
  readonly since: number
  readonly isFollowed: boolean
}

/** The command that shows the same lines, for people. */
export const journalCommand = ({ unit, isFollowed }: Pick<JournalQuestion, 'unit' | 'isFollowed'>): string =>
  `journalctl --unit ${unit}${isFollowed ? ' --follow' : ''}`

/** Yields the lines of a service from systemd's journal, until the signal ends a question that is followed. */
export async function* journalLines(
  { unit, since, isFollowed }: JournalQuestion,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const args = ['--unit', unit, '--output', 'cat', '--no-pager', '--quiet']
  if (since > 0) args.push('--since', `@${Math.floor(since / 1000)}`)
  if (isFollowed) args.push('--follow')
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  // The end of its output says enough.
  child.on('error', () => {})
  const end = (): void => void child.kill()
  signal.addEventListener('abort', end, { once: true })
  try {
    yield* createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })
  } finally {
    signal.removeEventListener('abort', end)
    child.kill()
  }
}
