import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { FAILURES, type FailureCode } from '../../src/platform/failure.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Commands that are written rightly and name what is not there, or is there already, with the code that says so. */
const CASES: readonly (readonly [FailureCode, readonly string[]])[] = [
  ['STUDY_UNKNOWN', ['study', '9.9']],
  ['NOT_HELD', ['quarantine', 'explain', 'X']],
  ['SOURCE_UNKNOWN', ['orders', 'test', 'nothing']],
  ['DEVICE_UNKNOWN', ['devices', 'test', 'NOPE']],
  ['FILE_EXISTS', ['init']],
  ['FILES_MISSING', ['import', 'empty']],
  ['PROFILE_UNKNOWN', ['deid', 'preview', 'a.dcm', '--profile', 'strict']],
  ['FILE_UNREADABLE', ['deid', 'check', 'empty', '--identities', 'none.txt']],
]

test.each(CASES)(
  '%s is told with cause and cure in both languages, and is not a mistake in writing: ferry %j',
  async (code, args) => {
    await using agent = await startFakeAgent()
    mkdirSync(join(agent.path, 'empty'))
    for (const [language, script] of [
      ['en', /^[a-z]/],
      ['zh', /^\p{Script=Han}/u],
    ] as const) {
      const { exitCode, out, err } = await runCommand(agent.path, [...args, '--lang', language])
      expect([language, exitCode, out]).toEqual([language, 1, ''])
      expect(err).toMatch(new RegExp(`^.+ \\(${code}\\)\\n( {2}.+\\n)+→ .+\\n$`))
      expect(err).toMatch(script)
    }
    expect(code in FAILURES).toBe(true)
  },
)

const PROFILE = 'deidentification:\n  projectKeyFile: project.key\n  profiles:\n    - name: teaching\n'

test.each([
  ['no profile at all', '', 'has no profile at all', '没有任何方案'],
  ['a far name', PROFILE, 'it has teaching', '现有方案：teaching'],
])('a word is only suggested if there is a near one: %s', async (_, settings, english, chinese) => {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), `dataFolder: data\n${settings}`)
  writeFileSync(folder.join('project.key'), '07'.repeat(32), { mode: 0o600 })
  for (const [language, words] of [
    ['en', english],
    ['zh', chinese],
  ] as const) {
    const args = ['deid', 'preview', 'a.dcm', '--profile', 'xyzzyxyzzy', '--lang', language]
    const { err } = await runCommand(folder.path, args)
    expect(err).toContain(words)
    expect(err).not.toMatch(/did you mean|您是否想写/)
  }
})
