import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkAgentSettings } from '../../src/config/agent-settings.ts'
import { describeProblem } from '../../src/config/yaml/problem-words.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PROFILES = `
deidentification:
  projectKeyFile: project.key
  profiles:
    - {name: plain}
    - {name: research}
    - {name: joined, keyGroup: plain}
    - {name: retain, options: [retain-uids]}
    - {name: retain-too, options: [retain-uids, clean-descriptors]}
    - name: kept
      rules: [{path: SOPInstanceUID, action: keep}]
    - name: kept-for-us
      rules: [{path: SOPInstanceUID, action: keep, when: {modality: US}}]
    - name: fresh
      options: [retain-uids]
      rules: [{path: SOPInstanceUID, action: replace-uid}]
devices:
  - {name: CT room, aeTitle: CT1}
  - {name: MR room, aeTitle: MR1}
`

test.each<[string, string, string]>([
  ['a profile that retains UIDs, beside identified', 'care: {}', 'copy: {profile: retain}'],
  ['two profiles that retain UIDs', 'a: {profile: retain}', 'b: {profile: retain-too}'],
  ['two profiles that replace UIDs, by the same key', 'a: {profile: plain}', 'b: {profile: joined}'],
  ['an own rule that keeps the UID', 'care: {}', 'copy: {profile: kept}'],
  ['an own rule that keeps the UID of some', 'care: {}', 'copy: {profile: kept-for-us}'],
  [
    'the same device, by name and by AE title',
    'care: {device: CT room}',
    'copy: {profile: retain, device: CT1}',
  ],
  ['a modality beside a device', 'care: {device: CT1}', 'copy: {profile: retain, modality: CT}'],
  [
    'one SOP class by name and by UID',
    'care: {sopClass: CTImageStorage}',
    'copy: {profile: retain, sopClass: 1.2.840.10008.5.1.4.1.1.2}',
  ],
  ['a normalization of one of two identified routes', 'care: {}', 'named: {}'],
  ['a normalization of one of two routes of a profile', 'care: {profile: plain}', 'named: {profile: plain}'],
])(
  'two routes that can send one SOP Instance UID with different content are a mistake: %s',
  (_, one, other) => {
    expect(problemsOf(one, other)).toEqual([
      expect.stringMatching(
        /^\d+:5 routes\[1\]: .* and the route \w+ \(line \d+\) can send the same SOP Instance UID/,
      ),
    ])
  },
)

test.each<[string, string, string]>([
  ['one replaces the UID', 'care: {}', 'copy: {profile: plain}'],
  ['an own rule replaces the UID', 'care: {}', 'copy: {profile: fresh}'],
  ['two profiles that replace UIDs, each by its key', 'a: {profile: plain}', 'b: {profile: research}'],
  ['one replaces the UID, the other retains it', 'a: {profile: plain}', 'b: {profile: retain}'],
  ['of two devices', 'care: {device: CT1}', 'copy: {profile: retain, device: MR1}'],
  [
    'of two devices, by name and by AE title',
    'care: {device: CT room}',
    'copy: {profile: retain, device: MR1}',
  ],
  ['of two modalities', 'care: {modality: CT}', 'copy: {profile: retain, modality: MR}'],
  [
    'of two SOP classes',
    'care: {sopClass: CTImageStorage}',
    'copy: {profile: retain, sopClass: MRImageStorage}',
  ],
  ['both send the same', 'care: {}', 'more: {}'],
  ['both take the same profile', 'a: {profile: retain}', 'b: {profile: retain}'],
  ['both are identified, by other conditions', 'care: {modality: US}', 'ct: {device: CT1}'],
  ['the normalized one takes another modality', 'care: {modality: CT}', 'named: {modality: MR}'],
  ['the normalized one has other UIDs', 'care: {}', 'named: {profile: plain}'],
])('two routes go together where they cannot: %s', (_, one, other) => {
  expect(problemsOf(one, other)).toEqual([])
})

test('the words say which route, which line and what to do, in both languages', () => {
  const [english] = problemsOf('care: {}', 'copy: {profile: retain}')
  expect(english).toContain('"copy" and the route care (line 22)')
  expect(english).toContain(
    'give the two a "when" that no instance fits both, or let the profile retain replace the UID',
  )
  const [chinese] = problemsOf('care: {}', 'named: {}', 'zh')
  expect(chinese).toContain('让规范化规则 for-named 对两者都适用或都不适用')
})

/** Routes in short: `name: {profile, device, modality, sopClass}`; one called `named` has a normalization rule of its own. */
function problemsOf(one: string, other: string, language: 'en' | 'zh' = 'en'): string[] {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const rule =
    '\nnormalization:\n  rules:\n    - {name: for-named, when: {route: named}, institutionName: X}\n'
  const normalization = `${one}${other}`.includes('named:') ? rule : ''
  writeFileSync(path, `${PROFILES}\nroutes:\n${route(one)}${route(other)}${normalization}`)
  return checkAgentSettings(path).problems.map((problem) =>
    describeProblem('', problem, language).replace(/^:/, ''),
  )
}

function route(short: string): string {
  const [, name, inside = ''] = /^(\S+): \{(.*)\}$/.exec(short) ?? []
  const settings = inside.split(', ').filter((text) => text !== '')
  const profile = settings.find((text) => text.startsWith('profile'))
  const when = settings.filter((text) => text !== profile)
  return `  - name: ${name}\n    ${profile ?? 'identified: on'}\n    when: {${when.join(', ')}}\n`
}
