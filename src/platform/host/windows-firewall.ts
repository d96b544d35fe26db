import type { FirewallAnswer } from './firewall-answer.ts'
import type { RunTool } from './run-tool.ts'

const BY = 'Windows'
/** Words of netsh in English and Chinese. A rule in another language counts as one that is in force and allows. */
const NO = new Set(['No', '否'])
const BLOCK = new Set(['Block', '阻止'])
const ANY = new Set(['Any', '任何', '任意'])
const OFF = new Set(['OFF', '关闭', '禁用'])

/** Whether Windows Firewall lets a TCP port of a program in; undefined if it is switched off for every kind of network. */
export async function askWindowsFirewall(
  port: number,
  program: string,
  run: RunTool,
): Promise<FirewallAnswer | undefined> {
  const states = await run('netsh', 'advfirewall', 'show', 'allprofiles', 'state')
  if (states !== undefined && isOff(states.out)) return undefined
  const answer = await run(
    'netsh',
    'advfirewall',
    'firewall',
    'show',
    'rule',
    'name=all',
    'dir=in',
    'verbose',
  )
  const rules = answer?.exitCode === 0 ? rulesIn(answer.out) : []
  if (rules.length === 0) return { state: 'unseen', by: BY }
  const concerned = rules.filter((rule) => concerns(rule, port, program))
  // A rule that blocks wins over every rule that allows.
  const isOpen = concerned.length > 0 && concerned.every(({ blocks }) => !blocks)
  return { state: isOpen ? 'open' : 'shut', by: BY }
}

/** A line of each kind of network: a word for "state", and ON or OFF. */
function isOff(text: string): boolean {
  const words = text.split(/\r?\n/).flatMap((line) => /^\S+\s{2,}(\S+)\s*$/.exec(line)?.[1] ?? [])
  return words.length > 0 && words.every((word) => OFF.has(word))
}

interface Rule {
  readonly blocks: boolean
  /** Port numbers and ranges, or a word for all of them. */
  readonly ports: string
  /** Lines `title: value`, values alone. */
  readonly values: readonly string[]
}

/**
 * Rules for TCP or for every protocol that are in force. Titles and words are in the language of Windows; the order of the lines
 * is not: under the rule's name are dashes, then (after a description) whether it is in force. The local port follows the protocol,
 * and the action is last.
 */
function rulesIn(text: string): Rule[] {
  return text
    .split(/\r?\n\s*\r?\n/)
    .filter((block) => /^-{10,}/m.test(block))
    .flatMap((block) => {
      const values = block.split(/\r?\n/).flatMap((line) => /^[^:]+:\s+(\S.*?)\s*$/.exec(line)?.[1] ?? [])
      const protocol = values.indexOf('TCP')
      const all = values.length > 0 && protocol < 0 && !/^(?:UDP|ICMP|IGMP|\d+)/m.test(values.join('\n'))
      if ((protocol < 0 && !all) || values.slice(1, 3).some((value) => NO.has(value))) return []
      const ports = protocol < 0 ? 'Any' : (values[protocol + 1] ?? '')
      return [{ blocks: BLOCK.has(values.at(-1) ?? ''), ports, values }]
    })
}

function concerns({ ports, values }: Rule, port: number, program: string): boolean {
  const file = values.find((value) => /^(?:[a-z]:\\|%|\\\\|System$)/i.test(value))
  if (file !== undefined && file.toLowerCase() !== program.toLowerCase()) return false
  if (ANY.has(ports)) return true
  return ports.split(',').some((range) => {
    const [from, to = from] = range.split('-')
    return Number(from) <= port && port <= Number(to)
  })
}
