import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { Connection } from '../../src/dimse/wire/connection.ts'
import { ReadingTurns } from '../../src/dimse/wire/reading-turns.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { until } from '../support/clocks/until.ts'

const MIB = 1024 * 1024
/** Bytes that one turn may read of a peer that sends alone, and the one piece that is under way when they are enough. */
const MOST_A_TURN = (128 + 64) * 1024
/** So much must have come from no other before a peer counts as alone. */
const ALONE_BYTES = MIB

interface Pair extends AsyncDisposable {
  readonly near: Socket
  readonly far: Socket
}

/** Two ends of a TCP connection; the near one is not read yet. */
async function socketPair(): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port to listen at')
  const far = connect(address.port, '127.0.0.1')
  const [near]: Socket[] = await once(server, 'connection')
  if (near === undefined) throw new Error('no connection came')
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      far.destroy()
      near.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Everything up to `length` bytes, and how many came in each turn of the event loop. */
async function readAll(connection: Connection, length: number): Promise<{ bytes: Buffer; turns: number[] }> {
  const pieces: Buffer[] = []
  const turns = [0]
  let isOver = false
  const next = (): void => {
    turns.push(0)
    if (!isOver) setImmediate(next)
  }
  setImmediate(next)
  for (let got = 0; got < length; ) {
    const piece = await connection.upTo(length - got)
    pieces.push(piece)
    got += piece.length
    turns.push((turns.pop() ?? 0) + piece.length)
  }
  isOver = true
  return { bytes: Buffer.concat(pieces), turns }
}

test('a peer that alone sends without pause leaves every turn of the event loop room for the disk', async () => {
  await using pair = await socketPair()
  const sent = Buffer.alloc(64 * MIB, 'Ferry ')
  pair.far.write(sent)
  const connection = new Connection(pair.near, systemClock, new ReadingTurns())
  await readAll(connection, 2 * ALONE_BYTES)
  const { bytes, turns } = await readAll(connection, sent.length - 2 * ALONE_BYTES)
  expect(bytes.equals(sent.subarray(2 * ALONE_BYTES))).toBe(true)
  expect(Math.max(...turns)).toBeLessThanOrEqual(MOST_A_TURN)
})

test('peers that send at once are each read without a turn, so that what they send ends together', async () => {
  await using some = await socketPair()
  await using others = await socketPair()
  const instance = Buffer.alloc(MIB / 2, 'Ferry ')
  const turns = new ReadingTurns()
  let pauses = 0
  const sendOne = async ({ far }: Pair, connection: Connection): Promise<void> => {
    far.write(instance)
    const { bytes } = await readAll(connection, instance.length)
    expect(bytes.equals(instance)).toBe(true)
  }
  const [one, two] = [some, others].map(({ near }) => {
    near.on('pause', () => pauses++)
    return new Connection(near, systemClock, turns)
  })
  if (one === undefined || two === undefined) throw new Error('two connections were opened')
  for (let i = 0; i < 8; i++) {
    await sendOne(some, one)
    await sendOne(others, two)
  }
  expect(pauses).toBe(0)
  for (let i = 0; i < 8; i++) await sendOne(some, one)
  expect(pauses).toBeGreaterThan(0)
})

test('bytes that no reader asks for stay with the peer, and come when a reader does', async () => {
  await using pair = await socketPair()
  const sent = Buffer.alloc(32 * MIB, 'Ferry ')
  pair.far.write(sent)
  const turns = new ReadingTurns()
  const connection = new Connection(pair.near, systemClock, turns)
  await connection.some()
  await until(() => pair.near.isPaused(), Boolean)
  // As many bytes go through another connection meanwhile.
  await using other = await socketPair()
  other.far.write(sent)
  await readAll(new Connection(other.near, systemClock, turns), sent.length)
  expect(pair.near.isPaused()).toBe(true)
  expect(pair.near.bytesRead).toBeLessThan(MIB)
  const { bytes } = await readAll(connection, sent.length)
  expect(bytes.equals(sent)).toBe(true)
})

test('a peer that is let go is read to its end, however much it still sends', async () => {
  await using pair = await socketPair()
  const connection = new Connection(pair.near, systemClock, new ReadingTurns())
  pair.far.end(Buffer.alloc(32 * MIB))
  await connection.some()
  connection.letGo(60_000)
  await connection.closed
  expect(pair.near.bytesRead).toBe(32 * MIB)
})
