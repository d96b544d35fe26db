import { expect, test } from '@jest/globals'
import { ImportAccount } from '../../src/agent/arrival/import/import-account.ts'
import { ImportProgress } from '../../src/console/import/import-progress.ts'
import { speak } from '../../src/console/language/language.ts'
import type { Session } from '../../src/console/session/session.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

/** The lines that an import of ten files shows, of which one ends each second. */
async function shown(isScreen: boolean): Promise<{ said: string[]; drawn: string[] }> {
  const clock = new ManualClock()
  const [said, drawn]: [string[], string[]] = [[], []]
  const terminal = {
    say: (line: string) => void said.push(line),
    showProgress: isScreen ? (line: string) => void drawn.push(line) : undefined,
  }
  const session = { terminal, clock, say: speak('en') } as unknown as Session
  const progress = new ImportProgress(session)
  const account = new ImportAccount(0)
  for (let file = 0; file < 11; file++) {
    clock.advance(1000)
    account.add({ path: 'x', isNamed: false, kind: 'taken' })
    progress.tell({ total: 11 }, account)
  }
  progress.end()
  return { said, drawn }
}

test('progress is drawn in place on a screen and removed at the end', async () => {
  const { said, drawn } = await shown(true)
  expect(said).toEqual([])
  expect(drawn.slice(-2)).toEqual(['11 of 11 files, 11 instances safe', ''])
})

test('progress is a plain line every ten seconds where there is no screen', async () => {
  expect(await shown(false)).toEqual({ said: ['10 of 11 files, 10 instances safe'], drawn: [] })
})
