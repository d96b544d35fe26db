import type { ClashCause, Expected, FileTrouble, Problem } from './expected.ts'

export type Language = 'en' | 'zh'

/** `ferry.yaml:5:12 listener.port: …`: one problem as a line for people. */
export function describeProblem(fileName: string, problem: Problem, language: Language): string {
  const place = `${fileName}:${problem.line}:${problem.column}`
  const subject = problem.setting === '' ? place : `${place} ${problem.setting}`
  return `${subject}: ${(language === 'zh' ? inChinese : inEnglish)(problem)}`
}

function inEnglish(problem: Problem): string {
  switch (problem.kind) {
    case 'syntax':
      return `not readable as YAML: ${problem.detail}`
    case 'tab':
      return `this line is indented with a tab, which YAML does not allow: use spaces${problem.otherLines.length === 0 ? '' : ` (lines ${problem.otherLines.join(', ')} as well)`}`
    case 'escape':
      return `in double quotes YAML takes a backslash for an escape; write '${problem.raw}' in single quotes${slashed(problem.raw, (path) => `, or ${path} with slashes`)}`
    case 'keyTwice':
      return `this setting is already on line ${problem.firstLine}: remove one of the two`
    case 'file':
      return FILE_IN_ENGLISH[problem.trouble](problem.file)
    case 'unknown':
      return problem.nearest === undefined
        ? `there is no such setting; the settings here are ${problem.known.join(', ')}`
        : `there is no such setting; did you mean ${problem.nearest}?`
    case 'missing':
      return `missing; expected ${EXPECTED_IN_ENGLISH[problem.expected.what](problem.expected)}`
    case 'wrong': {
      const hint = problem.nearest === undefined ? '' : `; did you mean ${problem.nearest}?`
      return `${problem.found} is not ${EXPECTED_IN_ENGLISH[problem.expected.what](problem.expected)}${hint}`
    }
    case 'repeated':
      return `${problem.found} is already on line ${problem.firstLine}`
    case 'newer':
      return `this file has version ${problem.found}, made for a newer Ferry: install that one`
    case 'conflict':
      return `${problem.found} cannot be combined with ${problem.other}`
    case 'clash':
      return `${problem.found} and the route ${problem.other} (line ${problem.otherLine}) can send the same SOP Instance UID with different content; give the two a "when" that no instance fits both, or ${CLASH_IN_ENGLISH[problem.cause](problem.subject)}`
  }
}

function inChinese(problem: Problem): string {
  switch (problem.kind) {
    case 'syntax':
      return `YAML 格式错误：${problem.detail}`
    case 'tab':
      return `此行用制表符（Tab）缩进，YAML 不允许：请改用空格${problem.otherLines.length === 0 ? '' : `（第 ${problem.otherLines.join('、')} 行也是）`}`
    case 'escape':
      return `双引号里的反斜杠会被 YAML 当作转义：请改用单引号 '${problem.raw}'${slashed(problem.raw, (path) => `，或用斜杠 ${path}`)}`
    case 'keyTwice':
      return `第 ${problem.firstLine} 行已有此设置项：请删去其中一个`
    case 'file':
      return FILE_IN_CHINESE[problem.trouble](problem.file)
    case 'unknown':
      return problem.nearest === undefined
        ? `没有这个设置项；此处可用：${problem.known.join('、')}`
        : `没有这个设置项；您是否想写 ${problem.nearest}？`
    case 'missing':
      return spaced(`缺少此项；应为${EXPECTED_IN_CHINESE[problem.expected.what](problem.expected)}`)
    case 'wrong': {
      const hint = problem.nearest === undefined ? '' : `；您是否想写 ${problem.nearest}？`
      return `${problem.found} 不正确；${spaced(`应为${EXPECTED_IN_CHINESE[problem.expected.what](problem.expected)}`)}${hint}`
    }
    case 'repeated':
      return `${problem.found} 与第 ${problem.firstLine} 行重复`
    case 'newer':
      return `此文件为版本 ${problem.found}，属于更新的 Ferry 程序：请安装新版本`
    case 'conflict':
      return `${problem.found} 不能与 ${problem.other} 同时使用`
    case 'clash':
      return `${problem.found} 与路由 ${problem.other}（第 ${problem.otherLine} 行）会以同一 SOP Instance UID 发送不同内容；请用 when 使同一影像不会同时符合两者，或者${CLASH_IN_CHINESE[problem.cause](problem.subject)}`
  }
}

const FILE_IN_ENGLISH: Readonly<Record<FileTrouble, (file: string) => string>> = {
  missing: (file) => `there is no file ${file}: correct the path, or put the file there`,
  noFile: (file) => `${file} is not a file: correct the path`,
  unreadable: (file) =>
    `the file ${file} cannot be read by this user: correct its owner or mode (chown, chmod)`,
}

const FILE_IN_CHINESE: Readonly<Record<FileTrouble, (file: string) => string>> = {
  missing: (file) => `没有文件 ${file}：请更正路径，或放入该文件`,
  noFile: (file) => `${file} 不是文件：请更正路径`,
  unreadable: (file) => `当前用户无法读取文件 ${file}：请更正属主或权限（chown、chmod）`,
}

/** The second way to write a path of a drive. */
const slashed = (raw: string, say: (path: string) => string): string =>
  /^[A-Za-z]:/.test(raw) ? say(raw.replaceAll(/\\+/g, '/')) : ''

/** Chinese has a space beside a word in Latin letters or digits. */
const spaced = (words: string): string => words.replaceAll(/(\p{Script=Han})([A-Za-z0-9])/gu, '$1 $2')

const CLASH_IN_ENGLISH: Readonly<Record<ClashCause, (subject: string) => string>> = {
  retained: (profile) => `let the profile ${profile} replace the UID (without retain-uids and keep rules)`,
  profiles: () => 'use one profile for both, or profiles of two key groups',
  rule: (rule) => `let the normalization rule ${rule} apply to both or to neither`,
}

const CLASH_IN_CHINESE: Readonly<Record<ClashCause, (subject: string) => string>> = {
  retained: (profile) => `让去标识方案 ${profile} 替换 UID（不用 retain-uids 和 keep 规则）`,
  profiles: () => '两者使用同一去标识方案，或使用不同密钥组（keyGroup）的方案',
  rule: (rule) => `让规范化规则 ${rule} 对两者都适用或都不适用`,
}

type Words = Readonly<Record<Expected['what'], (expected: Expected) => string>>

const EXPECTED_IN_ENGLISH: Words = {
  accessionPrefix: () => 'a prefix of 1 to 15 ASCII characters, no space, no backslash',
  aeTitle: () => 'an AE title: 1 to 16 ASCII characters, no backslash',
  asciiText: () => 'a text of 1 to 64 ASCII characters',
  calledAeTitle: () => 'an AE title (1 to 16 ASCII characters, no backslash) or * for any',
  choice: (expected) => `one of ${choicesOf(expected).join(', ')}`,
  copyPolicy: () => 'identified, normalized, deidentified:* or deidentified: with the name of a profile',
  count: (expected) => `a whole number from ${rangeOf(expected).join(' to ')}`,
  duration: (expected) =>
    `a duration with its unit, such as 60s, 10m, 2h or 7d, from ${rangeOf(expected).join(' to ')}`,
  elementPath: () =>
    'an element: a keyword such as PatientID, a tag such as (0010,0020), a private one as (0009,"ACME",01); sequences around it in front, each with a slash; "**/" in front = anywhere',
  filePattern: () =>
    'a pattern of file names such as *.jpg or reports/**/*.pdf, with slashes and without ".."',
  group: () => 'a group of settings, each on its own indented line',
  host: () => 'an IP address or host name',
  httpUrl: () => 'a URL that begins with http:// or https:// and holds no password',
  httpsUrl: () => 'a URL that begins with https:// and holds no password',
  list: () => 'a list: [one, two] or lines that begin with "- "',
  listedDevice: () => 'the name or AE title of an entry of devices, which is empty',
  listenerName: () => 'a name of 1 to 32 lower-case letters, digits and hyphens',
  modality: () => 'a modality such as CT, MR or US',
  namesPattern: () =>
    'a regular expression with named groups such as (?<patientId>[0-9]+); groups: patientId, issuer, patientName, birthDate, sex, accessionNumber, studyInstanceUid, studyDate, studyDescription',
  network: () => 'an IP address such as 192.168.1.20 or a network such as 192.168.1.0/24',
  path: () => 'a path',
  port: () => 'a port number from 1 to 65535',
  privateBlock: () => 'a private element such as (0019,"GEMS_ACQU_01",02)',
  rate: () => 'a rate with its unit, such as 20Mbit/s or 2MiB/s, or the word unlimited',
  recipient: () => 'an age recipient: age1 and 58 more characters',
  region: () => 'four whole numbers: [column, row, width, height] in pixels',
  ruleName: () => 'a name of 1 to 32 lower-case letters, digits and hyphens',
  size: (expected) =>
    `a size with its unit, such as 64KiB, 16MiB or 2GiB, from ${rangeOf(expected).join(' to ')}`,
  sopClass: () => 'a storage SOP class: its UID, or its name such as CTImageStorage',
  text: () => 'a text of 1 to 100 characters',
  textPath: () => 'an element of the standard whose value is text, such as InstitutionName',
  value: (expected) => `a value of the VR ${vrOf(expected)} (PS3.5 §6.2)`,
}

const EXPECTED_IN_CHINESE: Words = {
  accessionPrefix: () => '1 至 15 个英文（ASCII）字符的前缀，不含空格和反斜杠',
  aeTitle: () => 'AE Title：1 至 16 个英文字符，不含反斜杠',
  asciiText: () => '1 至 64 个英文（ASCII）字符',
  calledAeTitle: () => 'AE Title（1 至 16 个英文字符，不含反斜杠），或 * 表示任意',
  choice: (expected) => `以下之一：${choicesOf(expected).join('、')}`,
  copyPolicy: () => 'identified、normalized、deidentified:* 或 deidentified: 加去标识方案名称',
  count: (expected) => `${rangeOf(expected).join(' 至 ')} 的整数`,
  duration: (expected) => `带单位的时长，如 60s、10m、2h、7d，范围 ${rangeOf(expected).join(' 至 ')}`,
  elementPath: () =>
    '数据元素：关键字（如 PatientID）、标签（如 (0010,0020)）或私有元素（如 (0009,"ACME",01)）；外层序列写在前面，以斜杠分隔；以 "**/" 开头表示任意层',
  filePattern: () => '文件名模式，如 *.jpg 或 reports/**/*.pdf，用斜杠分隔，不含 “..”',
  group: () => '一组设置，每项单独一行并缩进',
  host: () => 'IP 地址或主机名',
  httpUrl: () => '以 http:// 或 https:// 开头且不含密码的网址',
  httpsUrl: () => '以 https:// 开头且不含密码的网址',
  list: () => '列表：[一, 二]，或多行以“- ”开头',
  listedDevice: () => 'devices 中某台设备的名称或 AE Title，而 devices 为空',
  listenerName: () => '1 至 32 个小写字母、数字或连字符组成的名称',
  modality: () => '设备类型，如 CT、MR、US',
  namesPattern: () =>
    '带命名分组的正则表达式，如 (?<patientId>[0-9]+)；可用分组：patientId、issuer、patientName、birthDate、sex、accessionNumber、studyInstanceUid、studyDate、studyDescription',
  network: () => 'IP 地址（如 192.168.1.20）或网段（如 192.168.1.0/24）',
  path: () => '路径',
  port: () => '1 至 65535 的端口号',
  privateBlock: () => '私有元素，如 (0019,"GEMS_ACQU_01",02)',
  rate: () => '带单位的速率，如 20Mbit/s、2MiB/s，或 unlimited（不限）',
  recipient: () => 'age 公钥：age1 加 58 个字符',
  region: () => '四个整数：[列, 行, 宽, 高]，单位像素',
  ruleName: () => '1 至 32 个小写字母、数字或连字符组成的名称',
  size: (expected) => `带单位的大小，如 64KiB、16MiB、2GiB，范围 ${rangeOf(expected).join(' 至 ')}`,
  sopClass: () => '存储类 SOP Class：UID，或名称如 CTImageStorage',
  text: () => '1 至 100 个字符的文字',
  textPath: () => '标准中以文字为值的元素，如 InstitutionName',
  value: (expected) => `符合 VR ${vrOf(expected)} 的值（PS3.5 §6.2）`,
}

const choicesOf = (expected: Expected): readonly string[] => ('choices' in expected ? expected.choices : [])
const vrOf = (expected: Expected): string => ('vr' in expected ? expected.vr : '')
const rangeOf = (expected: Expected): string[] => ('min' in expected ? [expected.min, expected.max] : [])
