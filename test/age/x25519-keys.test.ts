import { inspect } from 'node:util'
import { expect, test } from '@jest/globals'
import { encodeBech32 } from '../../src/age/bech32.ts'
import { generateIdentity, parseIdentity, parseRecipient, recipientOf } from '../../src/age/x25519-keys.ts'

/** The example of the format's document, "The X25519 recipient type". */
const IDENTITY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'
const RECIPIENT = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'

const keyInvalid = expect.objectContaining({ code: 'AGE_KEY_INVALID' })

test("the example identity of age's specification has the recipient that the specification names", () => {
  expect(recipientOf(parseIdentity(IDENTITY)).text).toBe(RECIPIENT)
  expect(parseRecipient(RECIPIENT).publicBytes).toEqual(recipientOf(parseIdentity(IDENTITY)).publicBytes)
})

test('a generated identity belongs to the recipient that is named with it, and no two are the same', () => {
  const [one, other] = [generateIdentity(), generateIdentity()]
  expect(recipientOf(parseIdentity(one.identity)).text).toBe(one.recipient)
  expect(one.identity).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/)
  expect(one.identity).not.toBe(other.identity)
})

test.each([
  ['nothing', ''],
  ['an identity', IDENTITY],
  ['mixed case', RECIPIENT.replace('zvky', 'ZVKY')],
  ['a wrong checksum', RECIPIENT.replace(/.$/, 'q')],
  ['a space', ` ${RECIPIENT}`],
  ['31 bytes', encodeBech32('age', Buffer.alloc(31, 9))],
  ['33 bytes', encodeBech32('age', Buffer.alloc(33, 9))],
  ['the point 0', encodeBech32('age', Buffer.alloc(32))],
  ['the point 1', encodeBech32('age', Buffer.from([1, ...Buffer.alloc(31)]))],
])('a text that holds %s is refused as a recipient', (_what, text) => {
  expect(() => parseRecipient(text)).toThrow(keyInvalid)
})

test('a damaged identity is refused without repeating any of the secret', () => {
  const damaged = IDENTITY.replace(/.$/, 'Q')
  expect(() => parseIdentity(damaged)).toThrow(keyInvalid)
  expect(() => parseIdentity(damaged)).not.toThrow(/GFPYY/)
})

test('an identity that ends up in a log shows its recipient, not its secret', () => {
  const shown = inspect(parseIdentity(IDENTITY), { depth: 10 }) + JSON.stringify(parseIdentity(IDENTITY))
  expect(shown).toContain(RECIPIENT)
  expect(shown).not.toMatch(/AGE-SECRET|GFPYY|4242424242|66, *66/i)
})
