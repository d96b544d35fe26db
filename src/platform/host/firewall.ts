import type { FirewallAnswer } from './firewall-answer.ts'
import type { RunTool } from './run-tool.ts'
import { askWindowsFirewall } from './windows-firewall.ts'

type Ask = (port: number, run: RunTool) => Promise<FirewallAnswer | undefined>

/** Asks the firewall programs in the order in which they override one another. */
export async function askFirewall(port: number, run: RunTool): Promise<FirewallAnswer> {
  let unseen: FirewallAnswer | undefined
  for (const ask of process.platform === 'win32' ? [windows] : [ufw, firewalld, nft, iptables]) {
    const answer = await ask(port, run)
    if (answer?.state === 'unseen') unseen ??= answer
    else if (answer !== undefined) return answer
  }
  return unseen ?? { state: 'none', by: '' }
}

/** Undefined: this program is not installed, or not in use. */
const ufw: Ask = async (port, run) => {
  const answer = await run('ufw', 'status')
  if (answer === undefined) return undefined
  if (answer.exitCode !== 0) return { state: 'unseen', by: 'ufw' }
  if (!/^Status: active/m.test(answer.out)) return undefined
  const isOpen = new RegExp(`^(${port}(/tcp)?|Anywhere)\\s+ALLOW`, 'm').test(answer.out)
  return { state: isOpen ? 'open' : 'shut', by: 'ufw' }
}

const firewalld: Ask = async (port, run) => {
  const state = await run('firewall-cmd', '--state')
  // 252 = not running (firewall-cmd(1)).
  if (state === undefined || state.exitCode === 252) return undefined
  if (state.exitCode !== 0) return { state: 'unseen', by: 'firewalld' }
  const answer = await run('firewall-cmd', `--query-port=${port}/tcp`)
  return { state: answer?.exitCode === 0 ? 'open' : 'shut', by: 'firewalld' }
}

const nft: Ask = async (port, run) => {
  const answer = await run('nft', 'list', 'ruleset')
  if (answer === undefined) return undefined
  if (answer.exitCode !== 0) return { state: 'unseen', by: 'nftables' }
  const chains = answer.out.split(/^\s*chain /m).filter((chain) => /hook input/.test(chain))
  if (chains.length === 0) return undefined
  const shut = chains.some((chain) => isShut(chain) && !allows(chain, port))
  return { state: shut ? 'shut' : 'open', by: 'nftables' }
}

/** Drops what no rule accepts, by its policy or by a last rule for everything. */
function isShut(chain: string): boolean {
  return /policy drop/.test(chain) || /^\s*(counter .*)?(drop|reject.*)$/m.test(chain)
}

function allows(chain: string, port: number): boolean {
  return chain.split('\n').some((rule) => /dport/.test(rule) && /accept/.test(rule) && mentions(rule, port))
}

/** `dport 11112`, `dport { 22, 11112 }` or a range. */
function mentions(rule: string, port: number): boolean {
  const ranges = rule.matchAll(/\b(\d+)(?:[-:](\d+))?\b/g)
  return Array.from(ranges).some(([, from, to = from]) => Number(from) <= port && port <= Number(to))
}

const iptables: Ask = async (port, run) => {
  const answer = await run('iptables', '-S', 'INPUT')
  if (answer === undefined) return undefined
  if (answer.exitCode !== 0) return { state: 'unseen', by: 'iptables' }
  const isOpen =
    !/^-P INPUT (DROP|REJECT)|^-A INPUT -j (DROP|REJECT)/m.test(answer.out) ||
    answer.out
      .split('\n')
      .some((rule) => /--dports? /.test(rule) && /-j ACCEPT/.test(rule) && mentions(rule, port))
  return { state: isOpen ? 'open' : 'shut', by: 'iptables' }
}

const windows: Ask = (port, run) => askWindowsFirewall(port, process.execPath, run)
