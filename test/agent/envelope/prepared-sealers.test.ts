import { expect, test } from '@jest/globals'
import { generateIdentity, parseRecipient } from '../../../src/age/x25519-keys.ts'
import { PreparedSealers } from '../../../src/agent/envelope/prepared-sealers.ts'

const recipients = () => [parseRecipient(generateIdentity().recipient)]

test('each sealer is handed out once, with a file key of its own, also when many were prepared', () => {
  const sealers = new PreparedSealers()
  const own = recipients()
  const taken = [sealers.take(own)]
  for (let i = 0; i < 10; i++) sealers.prepare()
  for (let i = 0; i < 10; i++) taken.push(sealers.take(own))
  expect(new Set(taken).size).toBe(11)
  expect(new Set(taken.map(({ header }) => header.toString('hex'))).size).toBe(11)
})

test('when the recipients change, what was prepared for the old ones is never used', () => {
  const sealers = new PreparedSealers()
  const [before, after] = [recipients(), [...recipients(), ...recipients()]]
  const old = sealers.take(before)
  sealers.prepare()
  expect(sealers.take(after).header.length).toBeGreaterThan(old.header.length)
})
