import { type ListenOptions, listenForAssociations, openDoorLogs } from '../../dimse/scp/dimse-server.ts'
import { ListenerCounts } from '../../dimse/scp/listener-counts.ts'
import { readTlsCredentials, type TlsCredentials } from '../../dimse/tls/tls-credentials.ts'
import type { Alarms } from '../queue/alarms.ts'
import { CertificateWatch } from './certificate-watch.ts'

/** The port for DICOM over TLS; paths of PEM files. */
interface TlsDoorSettings {
  readonly port: number
  readonly certificate: string
  readonly key: string
  readonly ca: string
  readonly clientCertificates: 'required' | 'optional'
  /** True if the port without TLS is closed. */
  readonly isOnlyDoor?: boolean
}

/** The open ports for devices. */
export interface DeviceDoors extends AsyncDisposable {
  /** The port without TLS; the TLS port if it is the only one. */
  readonly port: number
  readonly tlsPort: number | undefined
}

/**
 * Opens the port for plain DICOM, unless it is closed, and the port for DICOM over TLS, if configured; both share the
 * limits. Throws KEY_FILE_INVALID for unsuitable files, and PORT_IN_USE.
 */
export async function openDoors(
  plain: Omit<ListenOptions, 'tls' | 'counts' | 'strangers'>,
  tls: TlsDoorSettings | undefined,
  alarms: Alarms,
): Promise<DeviceDoors> {
  await using stack = new AsyncDisposableStack()
  const credentials = tls === undefined ? undefined : readTlsCredentials(tls)
  stack.use(watchCertificate(credentials, plain, alarms))
  const counts = new ListenerCounts(plain.limits ?? {}, plain.clock, plain.known)
  const strangers = openDoorLogs(plain.log, plain.clock)
  const isPlainOpen = tls === undefined || tls.isOnlyDoor !== true
  const port = isPlainOpen
    ? stack.use(await listenForAssociations({ ...plain, counts, strangers })).port
    : undefined
  let tlsPort: number | undefined
  if (tls !== undefined && credentials !== undefined) {
    const acceptance = { credentials, clientCertificates: tls.clientCertificates }
    const options = { ...plain, counts, strangers, port: tls.port, tls: acceptance }
    tlsPort = stack.use(await listenForAssociations(options)).port
  }
  const open = stack.move()
  return { port: port ?? tlsPort ?? plain.port, tlsPort, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

function watchCertificate(
  credentials: TlsCredentials | undefined,
  { clock, log }: Pick<ListenOptions, 'clock' | 'log'>,
  alarms: Alarms,
): CertificateWatch {
  const watch = new CertificateWatch({ certificate: credentials?.certificate, clock, log, alarms })
  watch.look()
  return watch
}
