import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { Decrypter, Encrypter } from 'age-encryption'
import { generateIdentity, parseIdentity, parseRecipient } from '../../src/age/x25519-keys.ts'
import { openAgeFile, sealAgeFile } from '../support/instances/age-file.ts'

const center = generateIdentity()
const recovery = generateIdentity()
const noise = randomBytes(200_000)

describe.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])(
  'age-encryption of npm and %i bytes',
  (length) => {
    const plaintext = noise.subarray(0, length)

    test('the npm package age-encryption opens a file that we seal, for either recipient', async () => {
      const file = sealAgeFile(
        plaintext,
        [center, recovery].map((pair) => parseRecipient(pair.recipient)),
      )
      for (const { identity } of [center, recovery]) {
        const decrypter = new Decrypter()
        decrypter.addIdentity(identity)
        expect(Buffer.from(await decrypter.decrypt(file)).equals(plaintext)).toBe(true)
      }
    })

    test('we open a file that the npm package age-encryption seals, for either recipient', async () => {
      const encrypter = new Encrypter()
      for (const { recipient } of [center, recovery]) encrypter.addRecipient(recipient)
      const file = Buffer.from(await encrypter.encrypt(plaintext))
      for (const { identity } of [center, recovery]) {
        const { plaintext: opened, failure } = openAgeFile(file, [parseIdentity(identity)])
        expect(failure).toBeUndefined()
        expect(opened.equals(plaintext)).toBe(true)
      }
    })
  },
)
