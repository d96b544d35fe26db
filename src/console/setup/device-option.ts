import { InvalidArgumentError } from 'commander'
import type { Say } from '../language/language.ts'

/** A device as `--device` names it. */
export interface DeviceChoice {
  readonly name: string
  readonly aeTitle: string
  readonly address?: string
}

/** `CT1`, `CT1@10.0.0.5` or `CT room 1=CT1@10.0.0.5`; loading the written file checks them. */
export function collectDevice(say: Say): (text: string, before: readonly DeviceChoice[]) => DeviceChoice[] {
  return (text, before) => {
    const match = /^(?:([^=]+)=)?([^@=]+)(?:@(.+))?$/.exec(text)
    const [, name, aeTitle, address] = match ?? []
    if (aeTitle === undefined) throw new InvalidArgumentError(say('usage.device'))
    return [...before, { name: name ?? aeTitle, aeTitle, ...(address && { address }) }]
  }
}
