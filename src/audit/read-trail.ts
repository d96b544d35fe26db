import { join } from 'node:path'
import { auditFiles, linesOf } from './audit-files.ts'
import { parseLine } from './audit-line.ts'
import { readMessage, type ShownMessage } from './read-message.ts'

interface ListedLine extends ShownMessage {
  readonly sequence: number
  readonly message: string
}

/** Reads the lines from a time (ms since 1970) on, the oldest first. Text that is not a line is left out: the check names it. */
export async function* readTrail(folder: string, sinceMs: number): AsyncGenerator<ListedLine> {
  for (const file of auditFiles(folder))
    for await (const { text } of linesOf(join(folder, file))) {
      const line = parseLine(text)
      if (line === undefined) continue
      const shown = readMessage(line.message)
      if (shown.at >= sinceMs) yield { sequence: line.sequence, ...shown, message: line.message }
    }
}
