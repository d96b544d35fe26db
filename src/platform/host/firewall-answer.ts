/**
 * Whether a firewall of this machine lets a TCP port in. `unseen`: there is one, and this user may not read its rules.
 * `by` is the program that decided.
 */
export interface FirewallAnswer {
  readonly state: 'open' | 'shut' | 'unseen' | 'none'
  readonly by: string
}
