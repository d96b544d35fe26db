// Attacks a port as a process of its own, so that the honest client is not slowed by its attacker: <TricklersAt as JSON>.
import { AT_THE_DEVICES_DOOR, AT_THE_FRONT, trickle } from './tricklers.ts'

export interface TricklersAt {
  readonly port: number
  readonly count: number
  readonly addresses: readonly string[]
  readonly door: 'front' | 'devices'
}

const { port, door, ...rest } = JSON.parse(process.argv[2] ?? '{}') as TricklersAt
const attack = trickle(port, { ...rest, ways: door === 'front' ? AT_THE_FRONT : AT_THE_DEVICES_DOOR })
setInterval(() => process.stdout.write(`${attack.opened()} ${attack.turnedAway()}\n`), 200)
