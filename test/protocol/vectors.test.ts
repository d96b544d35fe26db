import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { Decrypter } from 'age-encryption'
import { compactVerify, importJWK, jwtVerify } from 'jose'
import { makeVectors } from '../../build/make-vectors.ts'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { Failure } from '../../src/platform/failure.ts'
import { verifyAccessToken } from '../../src/protocol/access-token.ts'
import { encodeJoinCode, type JoinCode, parseJoinCode } from '../../src/protocol/join-code.ts'
import { jwsDigest, signJws } from '../../src/protocol/jws.ts'
import { type KeyList, signKeyList, verifyKeyList } from '../../src/protocol/key-list.ts'
import { type Manifest, signManifest, verifyManifest } from '../../src/protocol/manifest.ts'
import { encodePackHeader, type PackHeader, packBytes, parsePackHeader } from '../../src/protocol/pack.ts'
import { type Receipt, signReceipt, verifyReceipt } from '../../src/protocol/receipt.ts'
import { signingKeyFromSeed } from '../../src/protocol/signing-key.ts'
import {
  type Envelope,
  encodeEnvelope,
  encodeTrailer,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../src/protocol/spool-file.ts'
import { openAgeFile } from '../support/instances/age-file.ts'
import { type VectorKeys, vectorBytes, vectorJson } from '../support/instances/vector.ts'

const keys = vectorJson('keys.json') as VectorKeys
const [root, receiptKey, agent] = (['root', 'receipt', 'agent'] as const).map((name) =>
  signingKeyFromSeed(Buffer.from(keys.signingSeeds[name].seed, 'base64url')),
) as [
  ReturnType<typeof signingKeyFromSeed>,
  ReturnType<typeof signingKeyFromSeed>,
  ReturnType<typeof signingKeyFromSeed>,
]
const center = parseIdentity(keys.ageIdentities.center)

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('the stored vectors are what this code writes, so that no format changes unnoticed', () => {
  const made = makeVectors()
  const stored = readdirSync(new URL('../vectors/', import.meta.url), { withFileTypes: true })
  const names = stored.filter((entry) => entry.isFile()).map(({ name }) => name)
  expect(names.toSorted()).toEqual(Array.from(made.keys()).toSorted())
  for (const [name, content] of made)
    expect([name, contentOf(name, vectorBytes(name))]).toEqual([name, contentOf(name, content)])
})

describe('spool file', () => {
  const file = vectorBytes('spool-file.bin')
  const vector = vectorJson('spool-file.json') as {
    envelope: Envelope
    ageOffset: number
    trailer: Trailer
    part10Sha256: string
  }

  test('the spool file decodes to its envelope and trailer, and these encode to the same bytes', () => {
    expect(parseEnvelope(file)).toEqual({ envelope: vector.envelope, bytesRead: vector.ageOffset })
    expect(parseTrailer(file.subarray(-TRAILER_BYTES), file.length)).toEqual(vector.trailer)
    expect(encodeEnvelope(vector.envelope).equals(file.subarray(0, vector.ageOffset))).toBe(true)
    expect(encodeTrailer(vector.trailer).equals(file.subarray(-TRAILER_BYTES))).toBe(true)
  })

  test.each(['center', 'recovery'] as const)(
    'the npm package age-encryption opens the spool file with the %s key',
    async (name) => {
      const decrypter = new Decrypter()
      decrypter.addIdentity(keys.ageIdentities[name])
      const ageFile = file.subarray(vector.ageOffset, -TRAILER_BYTES)
      const part10 = Buffer.from(await decrypter.decrypt(new Uint8Array(ageFile)))
      expect(sha256(part10)).toBe(vector.part10Sha256)
      expect(sha256(part10.subarray(vector.envelope.part10HeaderBytes))).toBe(vector.trailer.dataSetSha256)
    },
  )

  test('no byte of the spool file can be flipped unnoticed', () => {
    expect(checkSpoolFile(file)).toBe(vector.part10Sha256)
    expect(survivingFlips(file, checkSpoolFile)).toEqual([])
  })
})

describe('pack', () => {
  const pack = vectorBytes('pack.bin')
  const { header } = vectorJson('pack.json') as { header: PackHeader }

  test('the pack decodes to its header, which encodes to the same bytes', () => {
    const parsed = parsePackHeader(pack)
    expect(parsed?.header).toEqual(header)
    expect(encodePackHeader(header).equals(pack.subarray(0, parsed?.bytesRead))).toBe(true)
    expect(packBytes(header)).toBe(pack.length)
  })

  test('the first member of the pack is the spool file of the other vector, byte for byte', () => {
    const start = parsePackHeader(pack)?.bytesRead ?? 0
    const spoolFile = vectorBytes('spool-file.bin')
    expect(pack.subarray(start, start + spoolFile.length).equals(spoolFile)).toBe(true)
  })

  test('no byte of the pack can be flipped unnoticed, except in the name of the upload', () => {
    expect(checkPack(pack)).toBe(2)
    expect(survivingFlips(pack, checkPack)).toEqual([])
  })
})

describe('signed statements', () => {
  const manifest = vectorJson('manifest.json') as { jws: string; digest: string; payload: Manifest }
  const receipt = vectorJson('receipt.json') as { jws: string; payload: Receipt }
  const keyList = vectorJson('key-list.json') as { rootKey: string; jws: string; list: KeyList }
  const token = vectorJson('access-token.json') as {
    token: string
    claims: { iat: number } & Record<string, unknown>
  }
  const tokenTimeMs = token.claims.iat * 1000

  test('each signed statement decodes to its payload, and its payload signs to the same text', () => {
    expect(verifyManifest(manifest.jws, [agent])).toEqual(manifest.payload)
    expect(signManifest(manifest.payload, agent)).toEqual({ jws: manifest.jws, digest: manifest.digest })
    expect(verifyReceipt(receipt.jws, [receiptKey])).toEqual(receipt.payload)
    expect(signReceipt(receipt.payload, receiptKey)).toBe(receipt.jws)
    expect(verifyKeyList(keyList, root.kid)).toEqual(keyList.list)
    expect(signKeyList(keyList.list, root)).toEqual({ rootKey: keyList.rootKey, jws: keyList.jws })
    expect(verifyAccessToken(token.token, agent, root.kid, tokenTimeMs)).toBeGreaterThan(tokenTimeMs)
    expect(signJws('JWT', token.claims, agent)).toBe(token.token)
  })

  test('the receipt answers the manifest: it names its digest and repeats every digest of it', () => {
    expect(receipt.payload.manifest).toBe(jwsDigest(manifest.jws))
    expect(receipt.payload.instances).toEqual(
      manifest.payload.instances.map((one) => ({ ...one, pacs: 'waiting' })),
    )
  })

  test.each([
    ['manifest', manifest.jws, agent, manifest.payload],
    ['receipt', receipt.jws, receiptKey, receipt.payload],
    ['key list', keyList.jws, root, keyList.list],
  ])(
    'jose, a library of others, verifies the %s and refuses it changed',
    async (_name, jws, key, payload) => {
      const publicKey = await importJWK(
        { kty: 'OKP', crv: 'Ed25519', x: key.publicKey.toString('base64url') },
        'EdDSA',
      )
      const verified = await compactVerify(jws, publicKey)
      expect(JSON.parse(Buffer.from(verified.payload).toString('utf8'))).toEqual(payload)
      expect(verified.protectedHeader.kid).toBe(key.kid)
      await expect(compactVerify(flip(Buffer.from(jws), 200).toString(), publicKey)).rejects.toThrow(
        'signature verification failed',
      )
    },
  )

  test('jose takes the access token as a JWT for the center', async () => {
    const publicKey = await importJWK(
      { kty: 'OKP', crv: 'Ed25519', x: agent.publicKey.toString('base64url') },
      'EdDSA',
    )
    const options = { issuer: agent.kid, audience: root.kid, currentDate: new Date(tokenTimeMs), typ: 'JWT' }
    expect((await jwtVerify(token.token, publicKey, options)).payload).toEqual(token.claims)
  })

  test.each([
    ['manifest', manifest.jws, (jws: string) => verifyManifest(jws, [agent])],
    ['receipt', receipt.jws, (jws: string) => verifyReceipt(jws, [receiptKey])],
    ['key list', keyList.jws, (jws: string) => verifyKeyList({ ...keyList, jws }, root.kid)],
    ['access token', token.token, (jws: string) => verifyAccessToken(jws, agent, root.kid, tokenTimeMs)],
  ])('no byte of the %s can be flipped unnoticed', (_name, jws, verify) => {
    expect(() => verify(jws)).not.toThrow()
    // Each check costs some 10 ms: a dozen places over the whole, and the signature's end.
    const stride = Math.ceil(jws.length / 12)
    const isSkipped = (at: number): boolean => at % stride !== 0 && at < jws.length - 3
    expect(survivingFlips(Buffer.from(jws), (bytes) => verify(bytes.toString('latin1')), isSkipped)).toEqual(
      [],
    )
  })
})

describe('join code', () => {
  const { text, code } = vectorJson('join-code.json') as { text: string; code: JoinCode }

  test('the join code decodes to its fields, which encode to the same text', () => {
    expect(parseJoinCode(text)).toEqual(code)
    expect(encodeJoinCode(code)).toBe(text)
  })

  test('no letter of the join code can be changed unnoticed', () => {
    const letters = text.indexOf('/') + 1
    const read = (bytes: Buffer): void => {
      const changed = parseJoinCode(text.slice(0, letters) + bytes.toString('latin1'))
      // A capital that became small, and the like, are read as they are meant.
      if (isDeepStrictEqual(changed, code))
        throw new Failure('JOIN_CODE_INVALID', 'it means the same, so nothing was changed')
    }
    expect(survivingFlips(Buffer.from(text.slice(letters)), read)).toEqual([])
  })
})

/** JSON as its value, since the formatter lays it out; anything else as its digest. */
function contentOf(name: string, bytes: Buffer): unknown {
  return name.endsWith('.json') ? JSON.parse(bytes.toString('utf8')) : sha256(bytes)
}

/** The steps of a center for a spool file: the digest of the sealed part, then open, then the digest of the data set. */
function checkSpoolFile(file: Buffer): string {
  const trailer = parseTrailer(file.subarray(-TRAILER_BYTES), file.length)
  const sealed = file.subarray(0, -TRAILER_BYTES)
  if (sha256(sealed) !== trailer.sealedSha256)
    throw new Failure('SPOOL_FILE_DAMAGED', 'the sealed digest differs')
  const parsed = parseEnvelope(file)
  if (parsed === undefined) throw new Failure('SPOOL_FILE_INVALID', 'no envelope')
  const { plaintext, failure } = openAgeFile(sealed.subarray(parsed.bytesRead), [center])
  if (failure !== undefined) throw failure
  const headerBytes = parsePart10Header(plaintext)?.headerBytes
  if (sha256(plaintext.subarray(headerBytes)) !== trailer.dataSetSha256) {
    throw new Failure('DIGEST_MISMATCH', 'the data set differs')
  }
  return sha256(plaintext)
}

/** The number of members, all of them good. */
function checkPack(pack: Buffer): number {
  const parsed = parsePackHeader(pack)
  if (parsed === undefined || packBytes(parsed.header) !== pack.length) {
    throw new Failure('PACK_INVALID', 'the lengths do not add up')
  }
  let start = parsed.bytesRead
  for (const { ulid, bytes } of parsed.header.members) {
    const member = pack.subarray(start, start + bytes)
    checkSpoolFile(member)
    if (parseEnvelope(member)?.envelope.ulid !== ulid) throw new Failure('PACK_INVALID', 'another ULID')
    start += bytes
  }
  return parsed.header.members.length
}

/** Where a byte can be flipped without the check's noticing. */
function survivingFlips(
  bytes: Buffer,
  check: (bytes: Buffer) => unknown,
  isSkipped: (at: number) => boolean = () => false,
): number[] {
  const survivors: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    if (isSkipped(at)) continue
    try {
      check(flip(bytes, at))
      survivors.push(at)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
  return survivors
}

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ 0x01
  return flipped
}
