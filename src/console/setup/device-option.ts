import { InvalidArgumentError } from 'commander'

/** A device as `--device` names it. */
export interface DeviceChoice {
  readonly name: string
  readonly aeTitle: string
  readonly address?: string
}

/** `CT1`, `CT1@10.0.0.5` or `CT room 1=CT1@10.0.0.5`; loading the written file checks them. */
export function collectDevice(text: string, before: readonly DeviceChoice[]): DeviceChoice[] {
  const match = /^(?:([^=]+)=)?([^@=]+)(?:@(.+))?$/.exec(text)
  const [, name, aeTitle, address] = match ?? []
  if (aeTitle === undefined) throw new InvalidArgumentError('AET, AET@address, NAME=AET@address')
  return [...before, { name: name ?? aeTitle, aeTitle, ...(address && { address }) }]
}
