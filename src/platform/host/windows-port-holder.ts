import type { RunTool } from './run-tool.ts'

/** Returns the program that listens on a TCP port of Windows; undefined if there is none, or if Windows does not tell. */
export async function windowsPortHolder(
  port: number,
  run: RunTool,
): Promise<{ readonly name: string; readonly pid: number } | undefined> {
  const connections = await run('netstat', '-ano', '-p', 'TCP')
  const pid = pidOnPort(connections?.out ?? '', port)
  if (pid === undefined) return undefined
  const tasks = await run('tasklist', '/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH')
  const name = /^"([^"]+)"/m.exec(tasks?.out ?? '')?.[1]
  return { name: name ?? '?', pid }
}

/**
 * The line of a listening socket: protocol, local address, foreign address 0.0.0.0:0 or [::]:0, state, pid. The state is in
 * the language of Windows.
 */
function pidOnPort(text: string, port: number): number | undefined {
  for (const line of text.split(/\r?\n/)) {
    const [protocol, local = '', foreign = '', ...rest] = line.trim().split(/\s+/)
    const isListening = foreign === '0.0.0.0:0' || foreign === '[::]:0'
    const pid = rest.at(-1) ?? ''
    if (protocol === 'TCP' && isListening && local.endsWith(`:${port}`) && /^\d+$/.test(pid))
      return Number(pid)
  }
  return undefined
}
