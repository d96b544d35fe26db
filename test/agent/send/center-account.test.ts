import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../../src/age/x25519-keys.ts'
import { CenterAccount } from '../../../src/agent/send/center-account.ts'
import { type KeyList, type SignedKeyList, signKeyList } from '../../../src/protocol/key-list.ts'
import { newSigningKey, type SigningKey } from '../../../src/protocol/signing-key.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const PIN = Buffer.alloc(32, 7).toString('base64url')
const [root, otherRoot] = [newSigningKey(), newSigningKey()]
const addressOf = ({ kid }: SigningKey) => ({
  url: `https://${kid.slice(0, 8)}:8443`,
  center: kid,
  tlsPin: PIN,
})

/** A key list of a center; `keys` is its content. */
function listOf(
  by: SigningKey,
  version: number,
  keys = 'a',
  issuedAt = '2026-01-01T00:00:00Z',
): SignedKeyList {
  const list: KeyList = {
    format: 'ferry-keys/1',
    center: by.kid,
    centerName: keys,
    version,
    issuedAt,
    seal: [{ recipient: generateIdentity().recipient, role: 'center' }],
    sign: [by.publicKey.toString('base64url')],
    tlsPins: [PIN],
  }
  return signKeyList({ ...list, seal: [{ recipient: RECIPIENT, role: 'center' }] }, by)
}
const RECIPIENT = generateIdentity().recipient

/** Returns the state that a start of the agent would find. */
async function found(folder: string): Promise<{ center: string; version: number; name: string }> {
  const account = await CenterAccount.open(folder)
  const { version, centerName: name } = account.keyList()
  return { center: account.address().center, version, name }
}

test('joining another center is one step: its address and its keys are in force together', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 5))
  await account.enrol(addressOf(otherRoot), listOf(otherRoot, 1, 'b'))

  expect(await found(folder.path)).toEqual({ center: otherRoot.kid, version: 1, name: 'b' })
})

test('keys that the new center did not sign leave the old enrolment in force', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 5))

  await expect(account.enrol(addressOf(otherRoot), listOf(root, 6))).rejects.toMatchObject({
    code: 'SIGNATURE_INVALID',
  })

  expect(account.address().center).toBe(root.kid)
  expect(await found(folder.path)).toEqual({ center: root.kid, version: 5, name: 'a' })
})

test('an agent that comes back to an earlier center does not believe a list older than the one known of it', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 5))
  await account.enrol(addressOf(otherRoot), listOf(otherRoot, 90))
  await account.enrol(addressOf(root), listOf(root, 4, 'old'))

  expect(await found(folder.path)).toEqual({ center: root.kid, version: 5, name: 'a' })
})

test('a list is taken over if it is newer and says something else; an older one is told apart', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 5))

  expect(await account.learnKeys(listOf(root, 5))).toBe('known')
  expect(await account.learnKeys(listOf(root, 7))).toBe('known')
  // The last one was above it, though it said nothing new.
  expect(await account.learnKeys(listOf(root, 6, 'b'))).toBe('older')
  expect(await account.learnKeys(listOf(root, 8, 'b'))).toBe('new')
  expect(await account.learnKeys(listOf(root, 4, 'b'))).toBe('known')
  await expect(account.learnKeys(listOf(otherRoot, 9))).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
  expect(await found(folder.path)).toEqual({ center: root.kid, version: 8, name: 'b' })
})

test('the later issued one of two lists of one version counts', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 5))

  expect(await account.learnKeys(listOf(root, 5, 'earlier', '2025-12-31T00:00:00Z'))).toBe('twin')
  expect(account.keyList().centerName).toBe('a')
  expect(await account.learnKeys(listOf(root, 5, 'later', '2026-01-02T00:00:00Z'))).toBe('twin')
  expect(await found(folder.path)).toEqual({ center: root.kid, version: 5, name: 'later' })
})

test('lists that arrive at one moment are taken over one after the other', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 1))
  const versions = [2, 3, 4, 5, 6]

  const learned = await Promise.all(
    versions.map((version) => account.learnKeys(listOf(root, version, `v${version}`))),
  )

  expect(learned).toEqual(versions.map(() => 'new'))
  expect(await found(folder.path)).toMatchObject({ version: 6, name: 'v6' })
})

test('a running agent that learns a key list does not undo a join that another process made meanwhile', async () => {
  using folder = tempFolder()
  const { account: joining } = await CenterAccount.openToJoin(folder.path)
  await joining.enrol(addressOf(root), listOf(root, 1))
  const running = await CenterAccount.open(folder.path)
  await joining.enrol(addressOf(otherRoot), listOf(otherRoot, 1, 'new center'))

  expect(await running.learnKeys(listOf(root, 2, 'newer keys'))).toBe('known')

  expect(await found(folder.path)).toMatchObject({ center: otherRoot.kid })
  expect(running.reread()).toBe(true)
  expect(running.address().center).toBe(otherRoot.kid)
  expect(running.reread()).toBe(false)
})

test('half an enrolment, as a crash leaves it, is not seen', async () => {
  using folder = tempFolder()
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol(addressOf(root), listOf(root, 1))
  const keys = folder.join('keys')
  const whole = readFileSync(join(keys, 'center-0001.json'), 'utf8')
  writeFileSync(join(keys, 'center-0002.json.1a2b3c4d.new'), whole.slice(0, 40))

  expect(await found(folder.path)).toMatchObject({ center: root.kid })
  await account.enrol(addressOf(otherRoot), listOf(otherRoot, 1))
  expect(await found(folder.path)).toMatchObject({ center: otherRoot.kid })
})

test('an agent that never joined has no identity; nothing makes one but joining', async () => {
  using folder = tempFolder()

  await expect(CenterAccount.open(folder.path)).rejects.toMatchObject({ code: 'NOT_ENROLLED' })

  expect(readdirSync(folder.path)).toEqual([])
  expect(await CenterAccount.openToJoin(folder.path)).toMatchObject({ isNewKey: false })
})

test('a new disk for the spool, mounted before the agent joins, is not a trace of an earlier agent', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('spool', 'lost+found'), { recursive: true })
  await expect(CenterAccount.open(folder.path)).rejects.toMatchObject({ code: 'NOT_ENROLLED' })
  const { isNewKey } = await CenterAccount.openToJoin(folder.path)
  expect(isNewKey).toBe(false)
})

test.each(['queue.sqlite', 'spool/00', 'keys/center-0001.json'])(
  'a lost key is told where %s shows that there was one, and a new one is made only if a person asks for it',
  async (trace) => {
    using folder = tempFolder()
    const { account } = await CenterAccount.openToJoin(folder.path)
    await account.enrol(addressOf(root), listOf(root, 1))
    rmSync(folder.join('keys', 'agent.json'))
    if (!trace.startsWith('keys')) {
      rmSync(folder.join('keys'), { recursive: true })
      if (trace.startsWith('spool')) mkdirSync(folder.join(trace), { recursive: true })
      else writeFileSync(folder.join(trace), '')
    }

    await expect(CenterAccount.open(folder.path)).rejects.toMatchObject({
      code: 'AGENT_KEY_LOST',
      message: expect.stringContaining('ferry join CODE --new-identity'),
    })
    await expect(CenterAccount.openToJoin(folder.path)).rejects.toMatchObject({ code: 'AGENT_KEY_LOST' })
    const again = await CenterAccount.openToJoin(folder.path, { isNewWanted: true })

    expect(again.isNewKey).toBe(true)
    expect(again.account.signingKey.kid).not.toBe(account.signingKey.kid)
    expect((await CenterAccount.openToJoin(folder.path)).isNewKey).toBe(false)
  },
)
