import type { Expected, Problem } from './expected.ts'

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
    case 'unknown':
      return problem.nearest === undefined
        ? `there is no such setting; here stand ${problem.known.join(', ')}`
        : `there is no such setting; did you mean ${problem.nearest}?`
    case 'missing':
      return `missing; expected ${EXPECTED_IN_ENGLISH[problem.expected.what](problem.expected)}`
    case 'wrong': {
      const hint = problem.nearest === undefined ? '' : `; did you mean ${problem.nearest}?`
      return `${problem.found} is not ${EXPECTED_IN_ENGLISH[problem.expected.what](problem.expected)}${hint}`
    }
    case 'repeated':
      return `${problem.found} stands already on line ${problem.firstLine}`
    case 'newer':
      return `this file has version ${problem.found}, made for a newer Ferry: install that one`
  }
}

function inChinese(problem: Problem): string {
  switch (problem.kind) {
    case 'syntax':
      return `YAML 格式错误：${problem.detail}`
    case 'unknown':
      return problem.nearest === undefined
        ? `没有这个设置项；此处可用：${problem.known.join('、')}`
        : `没有这个设置项；您是否想写 ${problem.nearest}？`
    case 'missing':
      return `缺少此项；应为${EXPECTED_IN_CHINESE[problem.expected.what](problem.expected)}`
    case 'wrong': {
      const hint = problem.nearest === undefined ? '' : `；您是否想写 ${problem.nearest}？`
      return `${problem.found} 不正确；应为${EXPECTED_IN_CHINESE[problem.expected.what](problem.expected)}${hint}`
    }
    case 'repeated':
      return `${problem.found} 与第 ${problem.firstLine} 行重复`
    case 'newer':
      return `此文件为版本 ${problem.found}，属于更新的 Ferry 程序：请安装新版本`
  }
}

type Words = Readonly<Record<Expected['what'], (expected: Expected) => string>>

const EXPECTED_IN_ENGLISH: Words = {
  aeTitle: () => 'an AE title: 1 to 16 ASCII characters, no backslash',
  calledAeTitle: () => 'an AE title (1 to 16 ASCII characters, no backslash) or * for any',
  choice: (expected) => `one of ${choicesOf(expected).join(', ')}`,
  count: (expected) => `a whole number from ${rangeOf(expected).join(' to ')}`,
  duration: (expected) =>
    `a duration with its unit, such as 60s, 10m, 2h or 7d, from ${rangeOf(expected).join(' to ')}`,
  group: () => 'a group of settings, each on its own indented line',
  host: () => 'an IP address or host name',
  httpUrl: () => 'a URL that begins with http:// or https:// and holds no password',
  httpsUrl: () => 'a URL that begins with https:// and holds no password',
  list: () => 'a list: [one, two] or lines that begin with "- "',
  listenerName: () => 'a name of 1 to 32 lower-case letters, digits and hyphens',
  network: () => 'an IP address such as 192.168.1.20 or a network such as 192.168.1.0/24',
  path: () => 'a path',
  port: () => 'a port number from 1 to 65535',
  rate: () => 'a rate with its unit, such as 20Mbit/s or 2MiB/s, or the word unlimited',
  recipient: () => 'an age recipient: age1 and 58 more characters',
  size: (expected) =>
    `a size with its unit, such as 64KiB, 16MiB or 2GiB, from ${rangeOf(expected).join(' to ')}`,
  text: () => 'a text of 1 to 100 characters',
}

const EXPECTED_IN_CHINESE: Words = {
  aeTitle: () => 'AE Title：1 至 16 个英文字符，不含反斜杠',
  calledAeTitle: () => 'AE Title（1 至 16 个英文字符，不含反斜杠），或 * 表示任意',
  choice: (expected) => `以下之一：${choicesOf(expected).join('、')}`,
  count: (expected) => `${rangeOf(expected).join(' 至 ')} 的整数`,
  duration: (expected) => `带单位的时长，如 60s、10m、2h、7d，范围 ${rangeOf(expected).join(' 至 ')}`,
  group: () => '一组设置，每项单独一行并缩进',
  host: () => 'IP 地址或主机名',
  httpUrl: () => '以 http:// 或 https:// 开头且不含密码的网址',
  httpsUrl: () => '以 https:// 开头且不含密码的网址',
  list: () => '列表：[一, 二]，或多行以“- ”开头',
  listenerName: () => '1 至 32 个小写字母、数字或连字符组成的名称',
  network: () => 'IP 地址（如 192.168.1.20）或网段（如 192.168.1.0/24）',
  path: () => '路径',
  port: () => '1 至 65535 的端口号',
  rate: () => '带单位的速率，如 20Mbit/s、2MiB/s，或 unlimited（不限）',
  recipient: () => 'age 公钥：age1 加 58 个字符',
  size: (expected) => `带单位的大小，如 64KiB、16MiB、2GiB，范围 ${rangeOf(expected).join(' 至 ')}`,
  text: () => '1 至 100 个字符的文字',
}

const choicesOf = (expected: Expected): readonly string[] => ('choices' in expected ? expected.choices : [])
const rangeOf = (expected: Expected): string[] => ('min' in expected ? [expected.min, expected.max] : [])
