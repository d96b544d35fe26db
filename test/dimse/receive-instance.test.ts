import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Failure } from '../../src/platform/failure.ts'
import {
  CONTEXTS,
  dataPdu,
  echoCommand,
  pdv,
  RawAssociation,
  RELEASE_REQUEST,
  standstill,
  storeCommand,
  UID,
  wholeStore,
} from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('an instance arrives byte for byte and is answered with success', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  const dataSet = randomBytes(300_001)
  await raw.send(dataPdu(pdv(1, 3, storeCommand({ messageId: 77 }))))
  for (let at = 0; at < dataSet.length; at += 50_000) {
    const part = dataSet.subarray(at, at + 50_000)
    await raw.send(dataPdu(pdv(1, at + 50_000 >= dataSet.length ? 2 : 0, part)))
  }
  expect(await raw.response()).toMatchObject({ contextId: 1, commandField: 0x8001, messageId: 77, status: 0 })
  const [sink] = listener.handlers.sinks
  expect(sink?.sha256()).toBe(sha256(dataSet))
  expect(sink?.request).toMatchObject({
    sopClassUid: UID.ctImageStorage,
    sopInstanceUid: '1.2.3.4.5',
    transferSyntaxUid: UID.explicitVrLittleEndian,
    messageId: 77,
    association: { callingAeTitle: 'RAW', calledAeTitle: 'FERRY', peerAddress: '127.0.0.1' },
  })
})

test.each([
  ['two', 2],
  ['a hundred', 100],
])(
  'with %s PDVs in the PDU that opens an instance, and slow storage, every byte arrives',
  async (_, count) => {
    await using listener = await startListener()
    listener.handlers.onWrite = () => new Promise((resolve) => setImmediate(resolve))
    const raw = await RawAssociation.open(listener.port)
    const dataSet = randomBytes(100_000)
    const size = Math.ceil(dataSet.length / count)
    const pdvs = Array.from({ length: count }, (__, index) => {
      const part = dataSet.subarray(index * size, (index + 1) * size)
      return pdv(1, index === count - 1 ? 2 : 0, part)
    })
    await raw.send(dataPdu(pdv(1, 3, storeCommand()), ...pdvs))
    expect((await raw.response()).status).toBe(0)
    expect(listener.handlers.sinks[0]?.sha256()).toBe(sha256(dataSet))
  },
)

test('bytes that dribble in one by one make the same instance', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  const dataSet = randomBytes(64)
  for (const byte of wholeStore(dataSet)) await raw.send(Buffer.of(byte))
  expect((await raw.response()).status).toBe(0)
  expect(listener.handlers.sinks[0]?.sha256()).toBe(sha256(dataSet))
})

test('a data set in fragments of one byte reaches storage in large pieces', async () => {
  await using listener = await startListener()
  const pieces: number[] = []
  listener.handlers.onWrite = (chunk) => {
    pieces.push(chunk.length)
    return undefined
  }
  const raw = await RawAssociation.open(listener.port)
  const dataSet = randomBytes(100_000)
  const fragments = Array.from(dataSet, (byte, at) =>
    pdv(1, at === dataSet.length - 1 ? 2 : 0, Buffer.of(byte)),
  )
  const pdus = Array.from({ length: 10 }, (_, i) => dataPdu(...fragments.slice(i * 10_000, (i + 1) * 10_000)))
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), ...pdus)
  expect((await raw.response()).status).toBe(0)
  expect(listener.handlers.sinks[0]?.sha256()).toBe(sha256(dataSet))
  expect(pieces.length).toBeLessThan(10)
})

test('a command set in several fragments is put together', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  const command = storeCommand()
  const fragments = [
    pdv(1, 1, command.subarray(0, 30)),
    pdv(1, 1, Buffer.alloc(0)),
    pdv(1, 3, command.subarray(30)),
  ]
  await raw.send(dataPdu(...fragments.slice(0, 2)), dataPdu(...fragments.slice(2)))
  await raw.send(dataPdu(pdv(1, 2, Buffer.from('data'))))
  expect((await raw.response()).status).toBe(0)
})

test('success is not sent before storage has finished', async () => {
  await using listener = await startListener()
  const finishing = Promise.withResolvers<void>()
  const allowed = Promise.withResolvers<void>()
  listener.handlers.onFinish = async () => {
    finishing.resolve()
    await allowed.promise
    return { status: 0 }
  }
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')))
  await finishing.promise
  await roundTripOfAnother(listener.port)
  expect(raw.unread).toBe(0)
  allowed.resolve()
  expect((await raw.response()).status).toBe(0)
})

test('the status and comment of storage reach the device, the comment cut to what LO holds', async () => {
  await using listener = await startListener()
  listener.handlers.onFinish = () => Promise.resolve({ status: 0xa700, errorComment: 'é'.repeat(70) })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')))
  expect(await raw.response()).toMatchObject({ status: 0xa700, errorComment: '?'.repeat(64) })
})

test('when storage fails in mid-instance the device gets its status, after its last byte', async () => {
  await using listener = await startListener()
  listener.handlers.onWrite = () => Promise.reject(new Failure('STORAGE_FULL', 'no space'))
  listener.handlers.onFinish = () => Promise.resolve({ status: 0xa700 })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())))
  for (let i = 0; i < 50; i++) await raw.send(dataPdu(pdv(1, 0, Buffer.alloc(60_000))))
  expect(raw.unread).toBe(0)
  await raw.send(dataPdu(pdv(1, 2, Buffer.alloc(10))))
  expect((await raw.response()).status).toBe(0xa700)
  expect(listener.handlers.sinks[0]).toMatchObject({ isFinished: true, discarded: undefined })
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  expect((await raw.response()).status).toBe(0)
})

test('an exception in storage becomes "processing failure", and the association lives on', async () => {
  await using listener = await startListener()
  listener.handlers.onFinish = () => Promise.reject(new Error('a defect'))
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')))
  expect((await raw.response()).status).toBe(0x0110)
  listener.handlers.store = () => {
    throw new Error('another defect')
  }
  await raw.send(wholeStore(Buffer.from('data'), 2))
  expect(await raw.response()).toMatchObject({ status: 0x0110, messageId: 2 })
})

test.each([
  ['a SOP class other than its context’s', storeCommand({ sopClass: UID.verification }), true, 0xa900],
  ['no data set', storeCommand({ dataSetType: 0x0101 }), false, 0xc000],
  ['no SOP Instance UID', storeCommand({ sopInstance: '' }), true, 0xc000],
])(
  'a C-STORE with %s is refused by a status, and the association lives on',
  async (_, command, hasData, status) => {
    await using listener = await startListener()
    const raw = await RawAssociation.open(listener.port)
    await raw.send(dataPdu(pdv(1, 3, command)))
    if (hasData)
      await raw.send(dataPdu(pdv(1, 0, Buffer.alloc(5000))), dataPdu(pdv(1, 2, Buffer.alloc(5000))))
    expect((await raw.response()).status).toBe(status)
    expect(listener.handlers.sinks).toHaveLength(0)
    await raw.send(wholeStore(Buffer.from('data'), 2))
    expect((await raw.response()).status).toBe(0)
  },
)

test('memory stays small if a sender is fast and storage does not move', async () => {
  await using listener = await startListener()
  const resume = Promise.withResolvers<void>()
  const blocked = Promise.withResolvers<void>()
  listener.handlers.onWrite = () => {
    blocked.resolve()
    return resume.promise
  }
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())))
  const pdus = Array.from({ length: 1000 }, () => dataPdu(pdv(1, 0, Buffer.alloc(65_536))))
  let taken = 0
  const sending = Promise.all(pdus.map((one) => raw.send(one).then(() => taken++)))
  await blocked.promise
  await standstill(() => taken)
  // the rest of the 64 MB waits in the sender: the system's socket buffers hold some MB, we 256 KiB and one read
  expect(taken).toBeLessThan(400)
  expect(listener.handlers.sinks[0]?.byteLength).toBeLessThan(1_000_000)
  resume.resolve()
  await sending
  await raw.send(dataPdu(pdv(1, 2, Buffer.alloc(0))))
  expect((await raw.response()).status).toBe(0)
  expect(listener.handlers.sinks[0]?.byteLength).toBe(65_536_000)
})

test('a pipelined second instance waits for the first one’s answer; both arrive', async () => {
  await using listener = await startListener()
  const order: string[] = []
  listener.handlers.onWrite = (chunk) => void order.push(chunk.toString())
  listener.handlers.onFinish = async () => {
    await roundTripOfAnother(listener.port)
    order.push('finished')
    return { status: 0 }
  }
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('one!'), 1), wholeStore(Buffer.from('two!'), 2), RELEASE_REQUEST)
  expect(await raw.response()).toMatchObject({ messageId: 1, status: 0 })
  expect(await raw.response()).toMatchObject({ messageId: 2, status: 0 })
  expect((await raw.pdu()).type).toBe(6)
  expect(order).toEqual(['one!', 'finished', 'two!', 'finished'])
})

test('instances on several associations at once do not mix', async () => {
  await using listener = await startListener()
  const dataSets = Array.from({ length: 8 }, () => randomBytes(400_000))
  await Promise.all(
    dataSets.map(async (dataSet) => {
      const raw = await RawAssociation.open(listener.port, { calling: sha256(dataSet).slice(0, 16) })
      await raw.send(dataPdu(pdv(1, 3, storeCommand())))
      for (let at = 0; at < dataSet.length; at += 10_000) {
        await raw.send(
          dataPdu(pdv(1, at + 10_000 >= dataSet.length ? 2 : 0, dataSet.subarray(at, at + 10_000))),
        )
      }
      expect((await raw.response()).status).toBe(0)
    }),
  )
  const received = listener.handlers.sinks.map((sink) => {
    const digest = sink.sha256()
    expect(digest.slice(0, 16)).toBe(sink.request.association.callingAeTitle)
    return digest
  })
  expect(received.toSorted()).toEqual(dataSets.map(sha256).toSorted())
})

test('a thousand echoes on one association are answered each with its own message ID', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port, { contexts: CONTEXTS })
  for (let id = 1; id <= 1000; id++) {
    await raw.send(dataPdu(pdv(3, 3, echoCommand(id))))
    expect(await raw.response()).toMatchObject({ commandField: 0x8030, messageId: id, status: 0 })
  }
})

test('while the listener closes, an instance under way is finished and answered, and nothing else begins', async () => {
  await using listener = await startListener({ limits: { closeGraceMs: 60_000 } })
  const idle = await RawAssociation.open(listener.port)
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))))
  await listener.handlers.firstWrite
  const closing = listener.server.close()
  expect((await idle.pdu()).type).toBe(7)
  await raw.send(dataPdu(pdv(1, 2, Buffer.from('rest'))))
  expect((await raw.response()).status).toBe(0)
  expect((await raw.pdu()).type).toBe(7)
  await closing
  await expect(RawAssociation.connect(listener.port)).rejects.toThrow('ECONNREFUSED')
})

test('an instance that does not finish within the grace period of closing is discarded', async () => {
  await using listener = await startListener({ limits: { closeGraceMs: 60_000 } })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))))
  await listener.handlers.firstWrite
  await listener.server.close(AbortSignal.abort())
  expect(listener.handlers.sinks[0]?.discarded?.code).toBe('ASSOCIATION_ABORTED')
})

/** Gives the listener every chance to do something else first. */
async function roundTripOfAnother(port: number): Promise<void> {
  const other = await RawAssociation.open(port)
  await other.send(dataPdu(pdv(3, 3, echoCommand())))
  await other.response()
  await other.send(RELEASE_REQUEST)
  await other.pdu()
}
