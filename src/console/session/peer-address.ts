import { Failure } from '../../platform/failure.ts'

/** A DICOM node as ops staff write it. */
interface PeerAddress {
  readonly calledAeTitle: string
  readonly host: string
  readonly port: number
}

/** `CT1@10.0.0.5:104` or `CT1@[fe80::1]:104`. Throws USAGE. */
export function parsePeerAddress(text: string): PeerAddress {
  const match = /^([^@]+)@(?:\[([^\]]+)\]|([^:\]]+)):(\d{1,5})$/.exec(text)
  const [, calledAeTitle, ipv6, name] = match ?? []
  const host = ipv6 ?? name
  const port = Number(match?.[4])
  if (calledAeTitle !== undefined && host !== undefined && port >= 1 && port <= 65_535)
    return { calledAeTitle, host, port }
  throw new Failure('USAGE', `not AET@host:port, such as CT1@192.168.1.20:104: ${JSON.stringify(text)}`)
}
