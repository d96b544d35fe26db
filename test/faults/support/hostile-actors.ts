import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import {
  associateRequest,
  dataPdu,
  echoCommand,
  pdv,
  type RawAssociation,
  storeCommand,
  UID,
} from '../../support/peers/raw-association.ts'
import { Door } from './hostile-door.ts'

const MIB = 1024 * 1024
/** Paces of the attackers: between two bytes, after a reset, and before the next visit. */
const BYTE_PACE_MS = 100
const RESET_PACE_MS = 50
const VISIT_PACE_MS = 20
const ENDLESS_ELEMENT = Buffer.from('080001004f420000feffffff', 'hex')
const SINGLE_BYTES = dataPdu(...Array.from({ length: 10_000 }, () => pdv(1, 0, Buffer.of(7))))
const EMPTY_BLOCKS = dataPdu(pdv(1, 0, Buffer.from('000000ffff'.repeat(20_000), 'hex')))
const ECHOES = Buffer.concat(Array.from({ length: 2000 }, () => dataPdu(pdv(3, 3, echoCommand()))))
const BEGUN_STORE = dataPdu(pdv(1, 3, storeCommand()), pdv(1, 0, Buffer.alloc(9000)))
const DEFLATED = [{ id: 1, abstractSyntax: UID.ctImageStorage, transferSyntaxes: ['1.2.840.10008.1.2.1.99'] }]

/** Acts of hostile sockets, named in words. */
export const ACTORS: Readonly<Record<string, (door: Door) => Promise<void>>> = {
  'a request a byte at a time': async (door) => {
    const raw = await door.connect()
    for (const byte of associateRequest()) {
      await raw.send(Buffer.of(byte))
      await door.keepPace(BYTE_PACE_MS)
    }
    await door.stay(raw)
  },
  'half a PDU, then silence': async (door) => {
    const raw = await door.associate()
    await raw?.send(BEGUN_STORE.subarray(0, 8000))
    await door.stay(raw)
  },
  noise: async (door) => {
    const raw = await door.connect()
    await raw.send(randomBytes(100_000))
    await door.stay(raw)
  },
  'a PDU of 4 GiB': async (door) => {
    const raw = await door.associate()
    await raw?.send(Buffer.of(4, 0, 0xff, 0xff, 0xff, 0xff), Buffer.alloc(MIB))
    await door.stay(raw)
  },
  'associations, and nothing on them': async (door) => door.stay(await door.associate()),
  'a data set of single bytes without a head': async (door) => {
    const raw = await door.associate()
    await raw?.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, ENDLESS_ELEMENT)))
    await again(door, raw, SINGLE_BYTES, 300)
  },
  'deflated blocks with nothing in them': async (door) => {
    const raw = await door.associate(DEFLATED)
    await raw?.send(dataPdu(pdv(1, 3, storeCommand())))
    await again(door, raw, EMPTY_BLOCKS, 100)
  },
  'a command set without an end': async (door) => {
    const raw = await door.associate()
    await again(door, raw, dataPdu(pdv(1, 1, Buffer.alloc(16_000))), 4)
  },
  'echoes whose answers are never read': async (door) => {
    const raw = await door.associate()
    raw?.socket.pause()
    await again(door, raw, ECHOES, 50)
  },
  'a reset in the middle of an instance': async (door) => {
    const raw = await door.associate()
    await raw?.send(BEGUN_STORE)
    raw?.reset()
    await door.keepPace(RESET_PACE_MS)
  },
}

/** So many sockets at once, of each kind by turns; who is thrown out comes again. Resolves with how often each came. */
export async function attack(
  port: number,
  address: string,
  count: number,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  setMaxListeners(0, signal)
  const door = new Door(port, address, signal)
  const visits = new Map<string, number>()
  const kinds = Object.entries(ACTORS)
  const one = async (index: number): Promise<void> => {
    const [kind, actor] = kinds[index % kinds.length] ?? ['', () => Promise.resolve()]
    while (!signal.aborted) {
      visits.set(kind, (visits.get(kind) ?? 0) + 1)
      // Closed at the door, perhaps: too many from this address.
      await actor(door).catch(() => {})
      await door.keepPace(VISIT_PACE_MS)
    }
  }
  await Promise.all(Array.from({ length: count }, (_, index) => one(index)))
  return visits
}

async function again(
  door: Door,
  raw: RawAssociation | undefined,
  bytes: Buffer,
  times: number,
): Promise<void> {
  if (raw === undefined) return
  for (let left = times; left > 0 && !door.signal.aborted; left--) await raw.send(bytes)
  await door.stay(raw)
}
