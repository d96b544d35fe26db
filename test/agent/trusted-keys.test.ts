import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { TrustedKeys } from '../../src/agent/send/trusted-keys.ts'
import { type KeyList, signKeyList } from '../../src/protocol/key-list.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { tempFolder } from '../support/temp-folder.ts'

const pin = (byte: number): string => Buffer.alloc(32, byte).toString('base64url')

test('once a key list is in force the pin of the join code counts no longer, unless the list names it', async () => {
  using folder = tempFolder()
  const root = newSigningKey()
  const list: KeyList = {
    format: 'ferry-keys/1',
    center: root.kid,
    centerName: 'Center',
    version: 1,
    issuedAt: '2026-01-01T00:00:00Z',
    seal: [{ recipient: generateIdentity().recipient, role: 'center' }],
    sign: [root.publicKey.toString('base64url')],
    tlsPins: [pin(1), pin(2)],
  }
  const { account } = await CenterAccount.openToJoin(folder.path)
  await account.enrol({ url: 'https://center', center: root.kid, tlsPin: pin(1) }, signKeyList(list, root))
  const keys = new TrustedKeys(account, [])
  expect(keys.tlsPins).toEqual([pin(1), pin(2)])

  await account.learnKeys(signKeyList({ ...list, version: 2, tlsPins: [pin(2), pin(3)] }, root))
  keys.renew()

  expect(keys.tlsPins).toEqual([pin(2), pin(3)])
})
