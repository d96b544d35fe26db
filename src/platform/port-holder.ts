import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { Failure, failureFrom, systemCode } from './failure.ts'

const LISTENS = '0A'

/** PORT_IN_USE in words: which program has the port, where Linux tells, or that the right to use it is missing. */
export function listenFailure(error: unknown, attempted: string, port: number): Failure {
  const code = systemCode(error)
  if (code === 'EADDRINUSE') {
    const holder = portHolder(port)
    const who = holder === undefined ? 'another program' : `${holder.name} (pid ${holder.pid})`
    return new Failure('PORT_IN_USE', `${attempted}: the port is used by ${who}: ${code}`, { cause: error })
  }
  if (code === 'EACCES')
    return new Failure('PORT_IN_USE', `${attempted}: ${notAllowed(port)}: ${code}`, { cause: error })
  return failureFrom(error, 'PORT_IN_USE', attempted)
}

/** Windows refuses a port in this way if a range around it is reserved, for example by Hyper-V. */
const notAllowed = (port: number): string =>
  process.platform === 'win32'
    ? `Windows reserves port ${port}, or another program uses it alone (netsh interface ipv4 show excludedportrange protocol=tcp)`
    : `this user may not listen on port ${port} (AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit)`

/** Returns the program that listens on a TCP port; undefined if the system does not show it to this user. */
export function portHolder(port: number): { readonly name: string; readonly pid: number } | undefined {
  const sockets = new Set(inodesOf(port).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return undefined
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name))
  const pid = pids.find((one) =>
    namesIn(`/proc/${one}/fd`).some((fd) => sockets.has(linkOf(`/proc/${one}/fd/${fd}`))),
  )
  if (pid === undefined) return undefined
  // The thread's name (comm) of a Node program is MainThread.
  const file = basename(linkOf(`/proc/${pid}/exe`)) || textOf(`/proc/${pid}/comm`).trim()
  const name = file.replace(/ \(deleted\)$/, '').replaceAll(/\s+/g, '-')
  return name === '' ? undefined : { name, pid: Number(pid) }
}

/** proc(5), /proc/net/tcp: local address and port in hex, state, and the socket's inode in the tenth column. */
function inodesOf(port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    textOf(table)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => local.endsWith(end) && state === LISTENS)
      .flatMap((columns) => columns[9] ?? []),
  )
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
