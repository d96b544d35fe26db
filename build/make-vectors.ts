// Writes test/vectors/: one example of every format of docs/protocol.md, from fixed keys, so that the same code always
// writes the same bytes and another implementation can be checked against them. Run after a format has changed:
//   node_modules/.bin/node build/make-vectors.ts && npm run format
import { createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deriveKey, sealPieces } from '../src/age/aead.ts'
import { encodeBech32 } from '../src/age/bech32.ts'
import { encodeBase64, encodeHeader } from '../src/age/header.ts'
import { Payload } from '../src/age/payload.ts'
import { exportPublicKey, parseIdentity, type Recipient } from '../src/age/x25519-keys.ts'
import { encodePart10Header } from '../src/dicom/read/part10.ts'
import { TOKEN_LIFE_S } from '../src/protocol/access-token.ts'
import { encodeJoinCode, type JoinCode, joinToken, verifierOf } from '../src/protocol/join-code.ts'
import { signJws } from '../src/protocol/jws.ts'
import { type KeyList, signKeyList } from '../src/protocol/key-list.ts'
import { type Manifest, type ManifestInstance, signManifest } from '../src/protocol/manifest.ts'
import { encodePackHeader, type PackHeader } from '../src/protocol/pack.ts'
import { type Receipt, signReceipt } from '../src/protocol/receipt.ts'
import { seedOf, signingKeyFromSeed } from '../src/protocol/signing-key.ts'
import {
  type Envelope,
  encodeEnvelope,
  encodeTrailer,
  SUITE,
  type Trailer,
} from '../src/protocol/spool-file.ts'
import { newUlid, parseUlid, type Ulid } from '../src/protocol/ulid.ts'

const FOLDER = join(import.meta.dirname, '..', 'test', 'vectors')
/** PKCS #8 of a raw X25519 scalar (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
const STUDY = '2.25.20260102'
const ISSUED_AT = '2026-01-02T03:04:05.678Z'

/** Every key and nonce is the SHA-256 of what it is for: known to all the world, and so for tests alone. */
const digest = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest()
const signingKey = (name: string) => signingKeyFromSeed(digest(`ferry test vector: ${name} signing seed`))
const identityText = (name: string): string =>
  encodeBech32('age-secret-key-', digest(`ferry test vector: ${name} age identity`)).toUpperCase()

/** A ULID of the vectors' moment whose random part is `end`, filled up with zeros. */
const ulidOf = (end: string): Ulid =>
  parseUlid(newUlid(Date.parse(ISSUED_AT)).slice(0, 10) + end.padStart(16, '0'))

/** File names and contents. */
export function makeVectors(): Map<string, Buffer> {
  const [root, receiptKey, agent] = [signingKey('root'), signingKey('receipt'), signingKey('agent')]
  const identities = { center: identityText('center'), recovery: identityText('recovery') }
  const recipients = Object.values(identities).map((text) => parseIdentity(text).recipient)
  const first = sealInstance(1, recipients)
  const instances = [first, sealInstance(2, recipients)]

  const header: PackHeader = {
    pack: ulidOf('PAK'),
    study: STUDY,
    members: instances.map(({ envelope, bytes }) => ({ ulid: envelope.ulid, bytes: bytes.length })),
  }
  const pack = Buffer.concat([encodePackHeader(header), ...instances.map(({ bytes }) => bytes)])

  const list: KeyList = {
    format: 'ferry-keys/1',
    center: root.kid,
    centerName: '测试影像中心 Test imaging center',
    version: 1,
    issuedAt: ISSUED_AT,
    seal: [
      { recipient: parseIdentity(identities.center).recipient.text, role: 'center' },
      { recipient: parseIdentity(identities.recovery).recipient.text, role: 'recovery' },
    ],
    sign: [receiptKey.publicKey.toString('base64url')],
    tlsPins: [digest('ferry test vector: TLS key').toString('base64url')],
  }
  const manifest: Manifest = {
    format: 'ferry-manifest/3',
    suite: SUITE,
    agent: agent.kid,
    study: STUDY,
    version: 1,
    part: 1,
    parts: 1,
    previous: null,
    createdAt: ISSUED_AT,
    heldCount: 0,
    instances: instances.map(listed),
  }
  const signedManifest = signManifest(manifest, agent)
  const receipt: Receipt = {
    format: 'ferry-receipt/3',
    suite: SUITE,
    center: root.kid,
    agent: agent.kid,
    study: STUDY,
    version: 1,
    part: 1,
    parts: 1,
    manifest: signedManifest.digest,
    receiptedAt: ISSUED_AT,
    counter: 8,
    previous: digest('ferry test vector: the receipt before').toString('hex'),
    instances: manifest.instances.map((instance) => ({ ...instance, pacs: 'waiting' })),
  }
  const joinCode: JoinCode = {
    url: 'https://imaging.example.org:8443',
    verifier: verifierOf(root.kid),
    token: joinToken(digest('ferry test vector: token')),
  }
  const iat = Date.parse('2026-01-02T03:04:05Z') / 1000
  const claims = { iss: agent.kid, aud: root.kid, iat, exp: iat + TOKEN_LIFE_S, jti: 'MDEyMzQ1Njc4OWFi' }

  return new Map([
    ['spool-file.bin', first.bytes],
    ['pack.bin', pack],
    ...Object.entries({
      keys: {
        about: 'Keys of the other vectors. All are public knowledge: use them for nothing else.',
        signingSeeds: Object.fromEntries(
          Object.entries({ root, receipt: receiptKey, agent }).map(([name, key]) => [
            name,
            {
              seed: seedOf(key).toString('base64url'),
              publicKey: key.publicKey.toString('base64url'),
              kid: key.kid,
            },
          ]),
        ),
        ageIdentities: identities,
      },
      'spool-file': {
        envelope: first.envelope,
        ageOffset: first.ageOffset,
        trailer: first.trailer,
        part10Sha256: digest(first.part10).toString('hex'),
      },
      pack: { header },
      'key-list': { ...signKeyList(list, root), list },
      manifest: { ...signedManifest, payload: manifest },
      receipt: { jws: signReceipt(receipt, receiptKey), payload: receipt },
      'join-code': { text: encodeJoinCode(joinCode), code: joinCode },
      'access-token': { token: signJws('JWT', claims, agent), claims },
    }).map(([name, value]): [string, Buffer] => [
      `${name}.json`,
      Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`),
    ]),
  ])
}

interface SealedInstance {
  envelope: Envelope
  ageOffset: number
  trailer: Trailer
  part10: Buffer
  bytes: Buffer
}

function sealInstance(number: number, recipients: readonly Recipient[]): SealedInstance {
  const sopInstanceUid = `${STUDY}.1.${number}`
  const meta = { sopClassUid: CT_IMAGE_STORAGE, sopInstanceUid, transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN }
  const part10Header = encodePart10Header(meta)
  const envelope: Envelope = {
    ulid: ulidOf(`V${number}`),
    arrivedAt: ISSUED_AT,
    listener: 'main',
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid,
    studyInstanceUid: STUDY,
    seriesInstanceUid: `${STUDY}.1`,
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
    part10HeaderBytes: part10Header.length,
    policy: 'identified',
  }
  const dataSet = dataSetOf(envelope)
  const part10 = Buffer.concat([part10Header, dataSet])
  const start = encodeEnvelope(envelope)
  const sealed = Buffer.concat([start, sealAgeFile(part10, recipients, number)])
  const trailer: Trailer = {
    dataSetBytes: dataSet.length,
    dataSetSha256: digest(dataSet).toString('hex'),
    sealedBytes: sealed.length,
    sealedSha256: digest(sealed).toString('hex'),
  }
  const bytes = Buffer.concat([sealed, encodeTrailer(trailer)])
  return { envelope, ageOffset: start.length, trailer, part10, bytes }
}

/** An age file of one chunk whose random parts are fixed; the sealer of src/age draws new ones every time. */
function sealAgeFile(plaintext: Buffer, recipients: readonly Recipient[], number: number): Buffer {
  const fixed = (what: string): Buffer => digest(`ferry test vector: ${what} of instance ${number}`)
  const fileKey = fixed('file key').subarray(0, 16)
  const nonce = fixed('payload nonce').subarray(0, 16)
  const stanzas = recipients.map((recipient, i) => {
    const der = Buffer.concat([PKCS8_HEAD, fixed(`ephemeral ${i}`)])
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const share = exportPublicKey(createPublicKey(privateKey))
    const secret = diffieHellman({ privateKey, publicKey: recipient.publicKey })
    const salt = Buffer.concat([share, recipient.publicBytes])
    const wrapKey = deriveKey(secret, salt, 'age-encryption.org/v1/X25519')
    const body = Buffer.concat(sealPieces(wrapKey, Buffer.alloc(12), fileKey))
    return { arguments: ['X25519', encodeBase64(share)], body }
  })
  const payload = new Payload(fileKey, nonce).seal(plaintext, true)
  return Buffer.concat([encodeHeader(stanzas, fileKey), nonce, ...payload])
}

function listed({ envelope, trailer }: SealedInstance): ManifestInstance {
  const { dataSetBytes, dataSetSha256, sealedBytes, sealedSha256 } = trailer
  const { ulid, sopInstanceUid, transferSyntaxUid } = envelope
  return { ulid, sopInstanceUid, transferSyntaxUid, dataSetBytes, dataSetSha256, sealedBytes, sealedSha256 }
}

/** A small data set with an invented patient, a Chinese name and a private element among it. */
function dataSetOf({ sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid }: Envelope): Buffer {
  return Buffer.concat([
    element(0x0008, 0x0005, 'CS', 'ISO_IR 192'),
    element(0x0008, 0x0016, 'UI', sopClassUid),
    element(0x0008, 0x0018, 'UI', sopInstanceUid),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0009, 0x0010, 'LO', 'FERRY VECTOR'),
    element(0x0009, 0x1001, 'LO', 'private'),
    element(0x0010, 0x0010, 'PN', 'Ceshi^Huanzhe=测试^患者'),
    element(0x0020, 0x000d, 'UI', studyInstanceUid),
    element(0x0020, 0x000e, 'UI', seriesInstanceUid),
  ])
}

/** Explicit VR little endian with a 16-bit length (PS3.5 §7.1.2). */
function element(group: number, number: number, vr: string, text: string): Buffer {
  const plain = Buffer.from(text, 'utf8')
  const value = plain.length % 2 === 0 ? plain : Buffer.concat([plain, Buffer.from(vr === 'UI' ? '\0' : ' ')])
  const header = Buffer.alloc(8)
  header.writeUInt16LE(group, 0)
  header.writeUInt16LE(number, 2)
  header.write(vr, 4, 'latin1')
  header.writeUInt16LE(value.length, 6)
  return Buffer.concat([header, value])
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, content] of makeVectors()) writeFileSync(join(FOLDER, name), content)
}
