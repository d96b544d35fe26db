import type { CallerTrouble } from '../../../src/dimse/association/caller-trouble.ts'
import { type DimseServer, listenForAssociations } from '../../../src/dimse/scp/dimse-server.ts'
import type { KnownAddresses } from '../../../src/dimse/scp/listener-counts.ts'
import type { TlsAcceptance } from '../../../src/dimse/tls/tls-gate.ts'
import type { DimseLimits } from '../../../src/dimse/wire/dimse-limits.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'
import { RecordingHandlers } from './recording-handlers.ts'

/** A listener on a free loopback port whose handlers record. */
export async function startListener(
  options: {
    clock?: Clock
    limits?: Partial<DimseLimits>
    handlers?: RecordingHandlers
    log?: Log
    known?: KnownAddresses
    tls?: TlsAcceptance
    onTrouble?: (trouble: CallerTrouble) => void
  } = {},
): Promise<AsyncDisposable & { server: DimseServer; port: number; handlers: RecordingHandlers }> {
  const { clock = systemClock, limits = {}, handlers = new RecordingHandlers(), log = silentLog } = options
  const { known, tls, onTrouble } = options
  const server = await listenForAssociations({
    host: '127.0.0.1',
    port: 0,
    handlers,
    clock,
    log,
    ...(known === undefined ? {} : { known }),
    ...(tls === undefined ? {} : { tls }),
    ...(onTrouble === undefined ? {} : { onTrouble }),
    limits: { closeGraceMs: 500, ...limits },
  })
  return { server, port: server.port, handlers, [Symbol.asyncDispose]: () => server.close() }
}
