import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { generateIdentity, parseIdentity, parseRecipient, recipientOf } from '../../../src/age/x25519-keys.ts'
import { openAgeFile, sealAgeFile } from '../../support/instances/age-file.ts'

const center = generateIdentity()
const recovery = generateIdentity()
const folder = mkdtempSync(join(tmpdir(), 'ferry-age-'))
const noise = randomBytes(200_000)

const isInstalled =
  spawnSync('age', ['--version']).status === 0 && spawnSync('age-keygen', ['--version']).status === 0
/** Where the program is not installed, its tests are shown as skipped. */
const describeIfInstalled = isInstalled ? describe : describe.skip

afterAll(() => rmSync(folder, { recursive: true }))

describeIfInstalled.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])(
  'the age program and %i bytes',
  (length) => {
    const plaintext = noise.subarray(0, length)

    test('the age program opens a file that we seal, for either recipient', () => {
      const file = sealAgeFile(
        plaintext,
        [center, recovery].map((pair) => parseRecipient(pair.recipient)),
      )
      for (const { identity } of [center, recovery]) {
        expect(run('age', ['--decrypt', '--identity', keyFile(identity)], file).equals(plaintext)).toBe(true)
      }
    })

    test('we open a file that the age program seals, for either recipient', () => {
      const to = [center, recovery].flatMap(({ recipient }) => ['--recipient', recipient])
      const file = run('age', ['--encrypt', ...to], plaintext)
      for (const { identity } of [center, recovery]) {
        const { plaintext: opened, failure } = openAgeFile(file, [parseIdentity(identity)])
        expect(failure).toBeUndefined()
        expect(opened.equals(plaintext)).toBe(true)
      }
    })
  },
)

describeIfInstalled('the age program', () => {
  test('the age program and ours derive the same recipient from an identity', () => {
    const made = run('age-keygen', [], Buffer.alloc(0)).toString('utf8')
    const identity = /^AGE-SECRET-KEY-1.*$/m.exec(made)?.[0] ?? ''
    expect(made).toContain(`# public key: ${recipientOf(parseIdentity(identity)).text}\n`)
    expect(run('age-keygen', ['-y', keyFile(center.identity)], Buffer.alloc(0)).toString()).toBe(
      `${center.recipient}\n`,
    )
  })

  test('the age program refuses a file of ours in which a bit was flipped', () => {
    const file = sealAgeFile(noise, [parseRecipient(center.recipient)])
    file.writeUInt8(file.readUInt8(1000) ^ 1, 1000)
    const opened = spawnSync('age', ['--decrypt', '--identity', keyFile(center.identity)], { input: file })
    expect(opened.status).not.toBe(0)
  })
})

function keyFile(identity: string): string {
  const path = join(folder, `${identity.slice(-8)}.txt`)
  writeFileSync(path, `${identity}\n`, { mode: 0o600 })
  return path
}

function run(program: string, options: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(program, options, { input, maxBuffer: 1 << 24 })
  if (status !== 0) throw new Error(`${program} failed: ${stderr.toString()}`)
  return stdout
}
