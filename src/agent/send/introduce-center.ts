import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { CENTER_PATHS, introductionSchema } from '../../protocol/center-api.ts'
import { type JoinCode, verifierOf } from '../../protocol/join-code.ts'
import { type KeyList, verifyKeyList } from '../../protocol/key-list.ts'
import { verifyKeyFromText } from '../../protocol/signing-key.ts'
import { CenterClient } from './center-client.ts'

/** A center whose root key fits the join code, and the TLS key that it showed. */
interface Introduction {
  readonly keys: KeyList
  readonly tlsPin: string
}

/**
 * Meets the center of a join code. The connection is not identified at first, so nothing of the agent's is sent on it:
 * the center sends its signed key list, whose root key must have the fingerprint that the code begins, and which must
 * contain the TLS key that this connection showed. Whoever relays the list of the true center shows another TLS key.
 * Throws CENTER_IDENTITY, or what the line and the answer are.
 */
export async function introduceCenter(
  { url, verifier }: Pick<JoinCode, 'url' | 'verifier'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Introduction> {
  let tlsPin = ''
  await using client = new CenterClient({
    url,
    clock,
    firstContact: (pin) => {
      tlsPin = pin
    },
  })
  const signed = await client.json(introductionSchema, {
    method: 'GET',
    path: CENTER_PATHS.introduction,
    signal,
  })
  const { host } = new URL(url)
  const { kid } = verifyKeyFromText(signed.rootKey)
  if (verifierOf(kid) !== verifier)
    throw new Failure(
      'CENTER_IDENTITY',
      `connecting to ${host}: its key ${kid.slice(0, 12)}… is not the one of the join code; nothing was sent`,
    )
  const keys = verifyKeyList(signed, kid)
  if (!keys.tlsPins.includes(tlsPin))
    throw new Failure(
      'CENTER_IDENTITY',
      `connecting to ${host}: it shows the key ${tlsPin.slice(0, 12)}…, not one that the center announced; nothing was sent`,
    )
  return { keys, tlsPin }
}
