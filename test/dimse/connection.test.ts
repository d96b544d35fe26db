import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { Connection } from '../../src/dimse/wire/connection.ts'
import { readInto } from '../../src/dimse/wire/read-into.ts'
import { ReadingTurns } from '../../src/dimse/wire/reading-turns.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { until } from '../support/clocks/until.ts'

const MIB = 1024 * 1024
/** Bytes that one turn may read of a peer that sends alone: those of one read, or of small ones up to the limit. */
const MOST_A_TURN = (128 + 256) * 1024
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

test('bytes that are taken as they arrive are the ones that were sent, also if the taker pauses', async () => {
  await using pair = await socketPair()
  const sent = randomBytes(8 * MIB)
  pair.far.write(sent)
  const connection = new Connection(pair.near, systemClock, new ReadingTurns())
  const hash = createHash('sha256')
  let got = 0
  for (let pauses = 0; got < sent.length; pauses++) {
    await connection.arriving(() => {
      for (
        let piece = connection.upToNow(100_000);
        piece !== undefined;
        piece = connection.upToNow(100_000)
      ) {
        hash.update(piece)
        got += piece.length
        if (got >= (pauses + 1) * MIB) return true
      }
      return got === sent.length
    })
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'))
})

test('whoever waits for bytes learns that the peer has gone', async () => {
  await using pair = await socketPair()
  const connection = new Connection(pair.near, systemClock, new ReadingTurns())
  const waiting = connection.arriving(() => false)
  pair.far.end(Buffer.from('the last bytes'))
  await expect(waiting).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
  expect(connection.upToNow(100)?.toString()).toBe('the last bytes')
})

test('two plain sockets read into the same memory, and a socket that already holds bytes does not', async () => {
  await using one = await socketPair()
  await using other = await socketPair()
  const memory = Buffer.alloc(1024)
  const seen: string[] = []
  const look = (bytes: Buffer): void => {
    expect(bytes.buffer).toBe(memory.buffer)
    seen.push(bytes.toString())
  }
  const isPossible = process.platform !== 'win32'
  expect([one, other].map(({ near }) => readInto(near, memory, look))).toEqual([isPossible, isPossible])
  if (!isPossible) return
  one.far.write('first')
  await until(
    () => seen.length,
    (length) => length === 1,
  )
  other.far.write('second')
  await until(
    () => seen.length,
    (length) => length === 2,
  )
  expect(seen).toEqual(['first', 'second'])
  await using late = await socketPair()
  late.near.unshift(Buffer.from('held'))
  expect(readInto(late.near, memory, look)).toBe(false)
})
