import { createServer } from 'node:net'
import { systemCode } from '../../../platform/failure.ts'
import { askFirewall } from '../../../platform/host/firewall.ts'
import { windowsPortHolder } from '../../../platform/host/windows-port-holder.ts'
import { portHolder } from '../../../platform/port-holder.ts'
import type { CheckName, DoctorFinding, Exam } from './exam.ts'

/** A port at which the program listens. */
export interface Door {
  readonly check: CheckName & ('dicomPort' | 'dicomTlsPort' | 'hl7Port' | 'pagePort' | 'httpsPort')
  readonly host: string
  readonly port: number
  /** Others connect to it, so that a firewall matters. */
  readonly isForOthers: boolean
}

/** The program of this door: it answers, it does not, or this user may not ask it. */
export type DoorOwner = 'answers' | 'absent' | 'unseen'

/** Whether a door can be opened, or who has it. */
export async function examineDoor(exam: Exam, door: Door, owner: DoorOwner): Promise<DoctorFinding> {
  const { check, host, port } = door
  const holder = process.platform === 'win32' ? await windowsPortHolder(port, exam.run) : portHolder(port)
  if (owner === 'answers')
    return exam.good(check, 'doorOpen', { host, port, name: holder?.name ?? exam.program })
  const trouble = await tryToListen(host, port)
  switch (trouble) {
    case undefined:
      return exam.good(check, 'doorFree', { host, port })
    case 'EADDRINUSE':
      if (owner === 'unseen') return exam.note(check, 'doorUnseen', { port })
      return holder === undefined
        ? exam.bad(check, 'portTakenUnseen', { port })
        : exam.bad(check, 'portTaken', { port, ...holder })
    case 'EACCES':
      return exam.bad(check, 'portDenied', { port })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return exam.bad(check, 'noSuchAddress', { host, port })
  }
  return exam.bad(check, 'portFails', { host, port, reason: trouble })
}

async function tryToListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  server.once('error', (error) => resolve(systemCode(error) ?? error.message))
  server.listen({ port, host, exclusive: true }, () => resolve(undefined))
  const trouble = await promise
  if (trouble === undefined) await new Promise((closed) => server.close(closed))
  return trouble
}

const CURES: Readonly<Record<string, (port: number) => string>> = {
  ufw: (port) => `sudo ufw allow ${port}/tcp`,
  firewalld: (port) => `sudo firewall-cmd --permanent --add-port=${port}/tcp && sudo firewall-cmd --reload`,
  nftables: (port) => `nft add rule inet filter input tcp dport ${port} accept`,
  iptables: (port) => `iptables -I INPUT -p tcp --dport ${port} -j ACCEPT`,
  Windows: (port) =>
    `netsh advfirewall firewall add rule name=Ferry dir=in action=allow protocol=TCP localport=${port}`,
}

/** Whether the firewall of this machine lets devices or agents in; a firewall elsewhere on the way is not visible. */
export async function examineFirewall(exam: Exam, doors: readonly Door[]): Promise<DoctorFinding[]> {
  return Promise.all(
    doors
      .filter(({ isForOthers, host }) => isForOthers && !isOwn(host))
      .map(async ({ port }) => {
        const { state, by } = await askFirewall(port, exam.run)
        switch (state) {
          case 'open':
            return exam.good('firewall', 'firewallOpen', { by, port })
          case 'none':
            return exam.good('firewall', 'firewallNone', { port })
          case 'unseen':
            return by === 'Windows'
              ? exam.note('firewall', 'firewallUnseenWindows', { port, program: exam.program })
              : exam.note('firewall', 'firewallUnseen', { by, port, program: exam.program })
          case 'shut':
            return exam.bad('firewall', 'firewallShut', { by, port, command: CURES[by]?.(port) ?? '' })
        }
      }),
  )
}

const isOwn = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
