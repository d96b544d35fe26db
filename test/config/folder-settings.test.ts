import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { ANATOMIC_REGIONS } from '../../src/agent/arrival/wrap/anatomic-region.ts'
import { checkAgentSettings, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { REGIONS } from '../../src/config/folder-settings.ts'
import { describeProblem } from '../../src/config/yaml/problem-words.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DEVICES = 'devices:\n  - name: Endoscope\n    aeTitle: ES1\n'

function problemsOf(text: string): string[] {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, text)
  return checkAgentSettings(path).problems.map((problem) => describeProblem('f', problem, 'en'))
}

test('a folder needs a name, a path and a device; everything else has a default', () => {
  using folder = tempFolder()
  mkdirSync(folder.join('x'))
  const path = folder.join('ferry.yaml')
  writeFileSync(
    path,
    `${DEVICES}folders:\n  - {name: endo, path: x, device: Endoscope, afterwards: move, moveTo: done}\n`,
  )
  expect(loadAgentSettings(path).folders).toEqual([
    {
      name: 'endo',
      path: folder.join('x'),
      device: 'Endoscope',
      network: false,
      files: ['*'],
      stillMs: 5000,
      as: 'secondary',
      orientation: 'hold',
      lowerProfiles: 'hold',
      afterwards: 'move',
      when: 'confirmed',
      moveTo: folder.join('x', 'done'),
      withoutOrder: 'hold',
    },
  ])
})

test('all problems of folders are told at once, each with its line', () => {
  const text = `${DEVICES}folders:
  - {name: a, path: /srv/a, device: ES2, afterwards: move}
  - {name: a, path: /srv/a/b, device: ES1, moveTo: /srv/c}
  - {name: c, path: data/x, device: ES1, files: ["../*"], names: "(?<name>.*)"}
  - {name: d, path: /srv/d, device: ES1, afterwards: move, moveTo: ../a/done, anatomicRegion: stomache}
`
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^f:5:\d+ folders\[0\]\.moveTo: missing; expected a path/),
    expect.stringMatching(
      /^f:5:\d+ folders\[0\]\.device: "ES2" is not one of Endoscope, ES1; did you mean ES1/,
    ),
    expect.stringMatching(/^f:6:\d+ folders\[1\]\.name: "a" is already on line 5/),
    expect.stringMatching(
      /^f:6:\d+ folders\[1\]\.path: .*cannot be combined with folders\[0\]\.path: \/srv\/a/,
    ),
    expect.stringMatching(
      /^f:6:\d+ folders\[1\]\.moveTo: .*cannot be combined with folders\[1\]\.afterwards: keep/,
    ),
    expect.stringMatching(/^f:7:\d+ folders\[2\]\.path: .*cannot be combined with dataFolder: data/),
    expect.stringMatching(/^f:7:\d+ folders\[2\]\.files\[0\]: .*is not a pattern of file names/),
    expect.stringMatching(/^f:7:\d+ folders\[2\]\.names: .*is not a regular expression with named groups/),
    expect.stringMatching(
      /^f:8:\d+ folders\[3\]\.moveTo: .*cannot be combined with folders\[0\]\.path: \/srv\/a/,
    ),
    expect.stringMatching(/^f:8:\d+ folders\[3\]\.anatomicRegion: .*did you mean stomach\?/),
  ])
})

test('the settings know the body regions that files can be wrapped with', () => {
  expect(REGIONS).toEqual(Object.keys(ANATOMIC_REGIONS))
})
