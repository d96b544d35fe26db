import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { acknowledge } from '../../src/hl7/acknowledgement.ts'
import { Hl7Message } from '../../src/hl7/hl7-message.ts'
import { MllpReader, mllpFrame } from '../../src/hl7/mllp-reader.ts'
import { Failure } from '../../src/platform/failure.ts'
import { propertyRuns } from '../support/property-runs.ts'

const LIMIT = 4096
const content = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0b && byte !== 0x1c)))

test('messages are found wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(content, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(mllpFrame))
        const reader = new MllpReader(LIMIT)
        const found: Buffer[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length] ?? 7
          found.push(...reader.push(stream.subarray(at, at + length)))
          at += length
        }
        expect(found).toEqual(messages)
        expect(reader.isInside).toBe(false)
      },
    ),
    { numRuns: propertyRuns(500) },
  )
})

test('any bytes end in messages or in one failure, never in another error', () => {
  const frame = mllpFrame(Buffer.from('MSH|^~\\&|A|B|C|D|1||ORM^O01|1|P|2.5\rPID|||1\\X41\\^^^H\r'))
  fc.assert(
    fc.property(
      fc.nat(frame.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(frame.length),
      (at, flip, cut) => {
        const bytes = Buffer.from(frame)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        const isGood = isControlled(() => {
          for (const message of new MllpReader(LIMIT).push(bytes.subarray(0, cut)))
            acknowledge(Hl7Message.read(message), { code: 'AA' }, 0)
        })
        expect(isGood).toBe(true)
      },
    ),
    { numRuns: propertyRuns(2000) },
  )
})

test('random bytes as a message end in a message or in one failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const bytes = Buffer.concat([Buffer.from('MSH|^~\\&|'), tail])
      const isGood = isControlled(() => {
        const message = Hl7Message.read(bytes)
        for (const segment of message.segments) for (let i = 1; i < 20; i++) segment.value(i, 2)
        Hl7Message.read(acknowledge(message, { code: 'AR', text: 'no' }, 0))
      })
      expect(isGood).toBe(true)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

/** True if the act ends, or fails by one of the failures that it may have. */
function isControlled(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    return error instanceof Failure && ['MESSAGE_INVALID', 'PROTOCOL_VIOLATION'].includes(error.code)
  }
}

test('a message beyond the limit is refused before it is whole', () => {
  const reader = new MllpReader(10)
  reader.push(Buffer.from('\u000b12345'))
  expect(() => reader.push(Buffer.from('678901'))).toThrow('a message of more than 10 bytes')
})

test('another protocol and a message inside a message are refused', () => {
  expect(() => new MllpReader(LIMIT).push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('this is not MLLP')
  expect(() => new MllpReader(LIMIT).push(Buffer.from('\u000bMSH\u000bMSH'))).toThrow('inside a message')
})

test('line ends between messages are skipped, and an end without its carriage return counts', () => {
  expect(
    new MllpReader(LIMIT).push(Buffer.from('\r\n\u000bA\u001c\n\u000bB\u001c\r\r\n')).map(String),
  ).toEqual(['A', 'B'])
})
