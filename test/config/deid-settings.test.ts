import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { DeidProfile } from '../../src/agent/deidentify/element/profile.ts'
import type { NormalizationRule } from '../../src/agent/normalize/normalization-rule.ts'
import { type AgentSettings, checkAgentSettings, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { describeProblem } from '../../src/config/yaml/problem-words.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../support/instances/tag-named.ts'
import { tempFolder } from '../support/temp-folder.ts'

function load(yaml: string): AgentSettings {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, yaml)
  return loadAgentSettings(path)
}

/** Each problem as a line without the file's name. */
function problemsOf(yaml: string, language: 'en' | 'zh' = 'en'): string[] {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, yaml)
  return checkAgentSettings(path).problems.map((one) => describeProblem('', one, language).slice(1))
}

const at = (tag: number, anywhere = false): object => ({ path: [tag], anywhere })

const EXAMPLE = readFileSync('config/ferry.example.yaml', 'utf8')

/** The example with what it shows as comments: lines that are set in by three. */
function uncommented(): string {
  const section = EXAMPLE.slice(EXAMPLE.indexOf('\ndeidentification:'))
  const lines = section.split('\n').map((line) => line.replace(/^ {2}# {3}/, '    '))
  return lines.join('\n').replace(/^ {4}(?=projectKeyFile|linkingRecipient)/gm, '  ')
}

test('a configuration without routes sends everything on one route, with identity', () => {
  expect(load('')).toMatchObject({
    deidentification: { projectKeyFile: undefined, profiles: [] },
    routes: [{ name: 'identified', profile: undefined }],
    normalization: { system: 'FERRY', recordOriginals: true, rules: [] },
  })
})

test('the de-identification that the example shows as comments is valid and does what it says', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, uncommented())
  const { deidentification, routes } = loadAgentSettings(path)
  // The agent's own types take them as they are.
  const profiles: readonly DeidProfile[] = deidentification.profiles
  expect(deidentification.projectKeyFile).toBe(folder.join('project.key'))
  expect(deidentification.linkingRecipient).toMatch(/^age1/)
  expect(profiles).toEqual([
    {
      name: 'teaching',
      keyGroup: 'teaching',
      options: new Set([
        'retain-patient-characteristics',
        'retain-long-modified-dates',
        'retain-safe-private',
        'clean-pixel-data',
      ]),
      capAges: true,
      passDocuments: false,
      safePrivate: [{ group: 0x0019, creator: 'GEMS_ACQU_01', elements: [2] }],
      rules: [
        { path: [TAG.StudyDescription], anywhere: false, action: 'replace', value: 'TEACHING' },
        {
          path: [tagNamed('PatientComments')],
          anywhere: true,
          action: 'remove',
          when: { device: 'CT1', modality: 'CT', sopClassUid: '1.2.840.10008.5.1.4.1.1.2' },
        },
      ],
      pixels: [
        {
          when: {
            device: 'US1',
            modality: 'US',
            sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1',
            rows: 768,
            columns: 1024,
            burnedInAnnotation: '',
          },
          regions: [{ x: 0, y: 0, width: 1024, height: 60 }],
        },
      ],
    },
  ])
  expect(routes).toEqual([
    { name: 'care', profile: undefined },
    { name: 'teaching', profile: 'teaching', when: { modality: 'CT' } },
  ])
})

test('the normalization of the example becomes steps in the order in which they are done', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, uncommented())
  const rules: readonly NormalizationRule[] = loadAgentSettings(path).normalization.rules
  expect(rules).toEqual([
    {
      name: 'ct-1',
      when: { device: 'CT1', route: 'care' },
      steps: [
        { kind: 'character-set', declared: 'ISO_IR 100', actual: 'GB18030' },
        { kind: 'drop-private', keep: ['GEMS_ACQU_01'] },
        { kind: 'remove', pattern: at(tagNamed('PatientComments'), true) },
        { kind: 'set', pattern: at(TAG.IssuerOfPatientID), value: 'NORTH-STREET' },
        { kind: 'set', pattern: at(TAG.InstitutionName), value: '北街社区卫生服务中心' },
        { kind: 'set', pattern: at(TAG.StationName), value: '{callingAeTitle}' },
        { kind: 'prefix', pattern: at(TAG.AccessionNumber), value: 'NS-' },
        { kind: 'set', pattern: at(tagNamed('InstitutionalDepartmentName')), value: 'CT' },
      ],
    },
  ])
})

const SETS =
  'ISO_IR 100, ISO_IR 101, ISO_IR 109, ISO_IR 110, ISO_IR 126, ISO_IR 127, ISO_IR 13, ISO_IR 138, ISO_IR 144, ISO_IR 148, ISO_IR 166, ISO_IR 192, ISO_IR 203, GB18030, GBK, \\ISO 2022 IR 58, \\ISO 2022 IR 87, \\ISO 2022 IR 149'
const ELEMENT =
  'an element: a keyword such as PatientID, a tag such as (0010,0020), a private one as (0009,"ACME",01); sequences around it in front, each with a slash; "**/" in front = anywhere'

const EVERYTHING_WRONG = `deidentification:
  profiles:
    - name: Teaching
      options: [retain-long-full-dates, retain-uid, retain-long-modified-dates, retain-long-full-dates]
      safePrivate: ['(0018,"ACME",01)', '(0019,"ACME",01)']
      rules:
        - path: PatientNam
          action: keep
        - path: "**/RequestAttributeSequence/ScheduledProcedureStepID"
          action: removee
        - path: PatientID/PatientName
          action: keep
        - path: PatientID
          action: shift-date
        - path: StudyDate
          action: replace
          value: yesterday
        - path: StudyDescription
          action: replace
        - path: StudyDescription
          action: remove
          value: x
        - path: StudyDescription
          action: replace
          value: 教学
      pixels:
        - when: {modality: us, sopClass: UltrasoundStorage}
          regions: [[0, 0, 10], [0, 0, 10, 0], [1, 2, 3, 4]]
    - name: research
routes:
  - name: a
  - name: a
    identified: on
    profile: research
  - name: c
    profile: reserch
normalization:
  rules:
    - name: n
      when: {route: b}
      characterSet: {declared: latin1, actual: GB18031}
      stationName: A STATION NAME THAT IS TOO LONG
      accessionPrefix: 北
      keepPrivate: [X]
      set:
        - path: PixelData
          value: x
        - path: StudyDate
          value: x
        - path: StationName
          value: "{callingAeTitle}"
`

test('every mistake in profiles, routes and rules is told at once, with its place and the nearest word', () => {
  expect(problemsOf(EVERYTHING_WRONG)).toEqual([
    '2:3 deidentification.projectKeyFile: missing; expected a path',
    '3:13 deidentification.profiles[0].name: "Teaching" is not a name of 1 to 32 lower-case letters, digits and hyphens',
    '4:16 deidentification.profiles[0].options: missing; expected one of retain-safe-private',
    '4:41 deidentification.profiles[0].options[1]: "retain-uid" is not one of retain-safe-private, retain-uids, retain-device-identity, retain-institution-identity, retain-patient-characteristics, retain-long-full-dates, retain-long-modified-dates, clean-descriptors, clean-structured-content, clean-graphics, clean-pixel-data; did you mean retain-uids?',
    '4:53 deidentification.profiles[0].options[2]: "retain-long-modified-dates" cannot be combined with retain-long-full-dates',
    '4:81 deidentification.profiles[0].options[3]: "retain-long-full-dates" is already on line 4',
    '5:21 deidentification.profiles[0].safePrivate[0]: "(0018,\\"ACME\\",01)" is not a private element such as (0019,"GEMS_ACQU_01",02)',
    `7:17 deidentification.profiles[0].rules[0].path: "PatientNam" is not ${ELEMENT}; did you mean PatientName?`,
    `9:17 deidentification.profiles[0].rules[1].path: "**/RequestAttributeSequence/ScheduledProcedureStepID" is not ${ELEMENT}; did you mean **/RequestAttributesSequence/ScheduledProcedureStepID?`,
    '10:19 deidentification.profiles[0].rules[1].action: "removee" is not one of keep, remove, empty, replace, shift-date, replace-uid, scrub; did you mean remove?',
    `11:17 deidentification.profiles[0].rules[2].path: "PatientID/PatientName" is not ${ELEMENT}`,
    '14:19 deidentification.profiles[0].rules[3].action: "shift-date" cannot be combined with PatientID (VR LO)',
    '17:18 deidentification.profiles[0].rules[4].value: "yesterday" is not a value of the VR DA (PS3.5 §6.2)',
    '18:11 deidentification.profiles[0].rules[5].value: missing; expected a text of 1 to 64 ASCII characters',
    '22:18 deidentification.profiles[0].rules[6].value: "x" cannot be combined with action remove',
    '25:18 deidentification.profiles[0].rules[7].value: "教学" is not a text of 1 to 64 ASCII characters',
    '27:28 deidentification.profiles[0].pixels[0].when.modality: "us" is not a modality such as CT, MR or US',
    '27:42 deidentification.profiles[0].pixels[0].when.sopClass: "UltrasoundStorage" is not a storage SOP class: its UID, or its name such as CTImageStorage; did you mean UltrasoundImageStorage?',
    '28:21 deidentification.profiles[0].pixels[0].regions[0]: […] is not four whole numbers: [column, row, width, height] in pixels',
    '28:33 deidentification.profiles[0].pixels[0].regions[1]: […] is not four whole numbers: [column, row, width, height] in pixels',
    '31:5 routes[0].profile: missing; expected one of Teaching, research, identified: on',
    '32:11 routes[1].name: "a" is already on line 31',
    '34:14 routes[1].profile: "research" cannot be combined with identified: on',
    '36:14 routes[2].profile: "reserch" is not one of Teaching, research; did you mean research?',
    '39:7 normalization.rules[0].privateGroups: missing; expected one of drop',
    '40:21 normalization.rules[0].when.route: "b" is not one of a, a, c; did you mean a?',
    `41:32 normalization.rules[0].characterSet.declared: "latin1" is not one of none, any, ISO_IR 6, ${SETS}`,
    `41:48 normalization.rules[0].characterSet.actual: "GB18031" is not one of ${SETS}; did you mean GB18030?`,
    '42:20 normalization.rules[0].stationName: "A STATION NAME THAT IS TOO LONG" is not a value of the VR SH (PS3.5 §6.2)',
    '43:24 normalization.rules[0].accessionPrefix: "北" is not a prefix of 1 to 15 ASCII characters, no space, no backslash',
    '46:17 normalization.rules[0].set[0].path: "PixelData" is not an element of the standard whose value is text, such as InstitutionName',
    '49:18 normalization.rules[0].set[1].value: "x" is not a value of the VR DA (PS3.5 §6.2)',
  ])
})

test('the same mistakes are told in Chinese', () => {
  const chinese = problemsOf(EVERYTHING_WRONG, 'zh')
  expect(chinese).toHaveLength(problemsOf(EVERYTHING_WRONG).length)
  expect(chinese.filter((line) => !/\p{Script=Han}/u.test(line))).toEqual([])
})
