/**
 * Whether Nagle's algorithm is on at DCMTK's programs and Orthanc, which is built on it. They leave it on unless this
 * variable says otherwise; header and body of a PDU go out as two writes, and the second one then waits for a delayed
 * acknowledgement: some 20 messages a second.
 */
export type Nagle = 'on' | 'off'

export function nagleEnvironment(nagle: Nagle): NodeJS.ProcessEnv {
  return { TCP_NODELAY: nagle === 'off' ? '1' : '0' }
}
