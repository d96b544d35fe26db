import { CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import { CONTROL_PATHS } from '../../../src/protocol/control-api.ts'
import { ODD_TARGETS } from '../../support/peers/raw-http.ts'
import type { Random } from '../../support/random.ts'
import { mutate } from './hostile-mutation.ts'

export type DoorName = 'front' | 'page' | 'control'

/** Credentials that a request of the fuzzer may use: they are of no use for anything else. */
export interface Means {
  readonly token: string
  readonly upload: string
  /** Upload-Metadata that names this upload's pack. */
  readonly metadata: string
}

type Texts = readonly [string, ...string[]]

const PATHS: Readonly<Record<DoorName, Texts>> = {
  front: ['/', ...Object.values(CENTER_PATHS)],
  page: ['/', '/api/status', '/api/status?lang=en', '/favicon.ico', '/v1/retry'],
  control: ['/', ...Object.values(CONTROL_PATHS)],
}
const REQUESTS: Readonly<Record<DoorName, Texts>> = {
  front: [
    `GET ${CENTER_PATHS.health}`,
    `GET ${CENTER_PATHS.agent}`,
    `GET ${CENTER_PATHS.keys}`,
    `POST ${CENTER_PATHS.join}`,
    `POST ${CENTER_PATHS.manifests}`,
    `POST ${CENTER_PATHS.receipts}`,
    `POST ${CENTER_PATHS.packs}`,
    `OPTIONS ${CENTER_PATHS.packs}`,
    'HEAD UPLOAD',
    'PATCH UPLOAD',
    'GET UPLOAD/answer',
    'DELETE UPLOAD0',
  ],
  page: ['GET /', 'GET /api/status', 'GET /api/status?lang=en', 'POST /', 'GET /favicon.ico'],
  control: [
    `GET ${CONTROL_PATHS.status}`,
    `GET ${CONTROL_PATHS.queue}?limit=5`,
    `GET ${CONTROL_PATHS.studies}/1.2.3`,
    `GET ${CONTROL_PATHS.studies}/%31.2`,
    `POST ${CONTROL_PATHS.retry}`,
    `POST ${CONTROL_PATHS.names}?user=root&limit=3`,
    `GET ${CONTROL_PATHS.quarantine}/X`,
    `POST ${CONTROL_PATHS.release}?ulid=X`,
  ],
}
const METHODS: Texts = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'PATCH',
  'HEAD',
  'DELETE',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PRI',
  'get',
  'G\u0000T',
  'BREW',
  '',
]
const VERSIONS: Texts = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.1 ',
  'X',
  '',
]
const TAILS: Texts = [
  '',
  '',
  '/',
  '//',
  '/..',
  '/%2e%2e/',
  '/%',
  '/%00',
  '/%ff',
  '?',
  '?limit=0',
  '?limit=1e9',
  '?study=',
  '?user=%E5&limit=1',
  '/1.2.3',
  '/01J00000000000000000000000',
  '/answer',
  ';x',
  '#x',
  '\\',
  '|',
]
const VALUES: Texts = [
  '0',
  '1',
  '-1',
  '+5',
  '0x10',
  '5, 5',
  '999999999999999',
  '1e3',
  '18446744073709551616',
  '',
  ' ',
  'x',
  '\u00ff',
]
const CODINGS: Texts = [
  'chunked',
  'Chunked',
  ' chunked',
  'xchunked',
  'identity, chunked',
  'chunked, identity',
  'gzip',
  '\u000bchunked',
  '',
]
const CHUNKS: Texts = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n',
  'ffffffffffffffff\r\n',
  '-1\r\n',
  '5\nhello\n0\n\n',
  '5\r\nhel',
  'zz\r\n',
  `5;${'x'.repeat(20_000)}\r\n`,
]
const JOIN = '{"token":"x","signingKey":"eA","name":"pc"}'

/** The bytes of one connection: one to four requests, whole or changed. Returns how many requests they are. */
export function httpCase(door: DoorName, means: Means, dice: Random): { bytes: Buffer; requests: number } {
  const requests = 1 + (dice.below(3) === 0 ? dice.below(4) : 0)
  const texts = Array.from({ length: requests }, () => oneRequest(door, means, dice))
  const bytes = Buffer.from(texts.join(''), 'latin1')
  return { bytes: dice.below(3) > 0 ? bytes : mutate(bytes, dice), requests }
}

/** In most requests one part alone is odd, so that the others carry it past the first checks. */
type Part = 'method' | 'target' | 'version' | 'host' | 'authorization' | 'framing' | 'headers' | 'ends'
const PARTS: readonly [Part, ...Part[]] = [
  'method',
  'target',
  'version',
  'host',
  'authorization',
  'framing',
  'headers',
  'ends',
]

function oneRequest(door: DoorName, means: Means, dice: Random): string {
  const isAllOdd = dice.below(6) === 0
  const oddPart = dice.pick(PARTS)
  const isOdd = (part: Part): boolean => isAllOdd || part === oddPart
  const [method, path] = dice.pick(REQUESTS[door]).replace('UPLOAD', means.upload).split(' ', 2)
  const [framing, body] = isOdd('framing') ? oddFraming(dice) : plainFraming(method ?? 'GET', dice)
  const end = isOdd('ends') && dice.below(2) === 0 ? '\n' : '\r\n'
  const lines = [
    [
      isOdd('method') ? dice.pick(METHODS) : method,
      isOdd('target') ? oddTarget(door, means, dice) : path,
      isOdd('version') ? dice.pick(VERSIONS) : 'HTTP/1.1',
    ].join(' '),
    ...(isOdd('host') ? oddHost(dice) : ['Host: localhost']),
    ...(isOdd('authorization') ? oddAuthorization(means, dice) : [`Authorization: Bearer ${means.token}`]),
    ...framing,
    ...(isOdd('headers')
      ? Array.from({ length: 1 + dice.below(3) }, () => oddHeader(dice))
      : tusHeaders(means)),
  ]
  return `${lines.join(end)}${end}${end}${body}`
}

/** Headers with which a body of 1,000 bytes would be a pack, were it one. */
function tusHeaders({ metadata }: Means): string[] {
  return [
    'Tus-Resumable: 1.0.0',
    'Content-Type: application/offset+octet-stream',
    'Upload-Offset: 0',
    'Upload-Length: 1000',
    `Upload-Metadata: ${metadata}`,
  ]
}

const HOSTS: Texts = [
  'localhost',
  'localhost',
  '127.0.0.1:1',
  '[::1]',
  'evil.example',
  '',
  'a b',
  'localhost\u0000',
  '%',
  '//',
]

function oddHost(dice: Random): string[] {
  return dice.below(3) === 0 ? [] : [`Host: ${dice.pick(HOSTS)}`]
}

function oddTarget(door: DoorName, { upload }: Means, dice: Random): string {
  switch (dice.below(8)) {
    case 0:
      return ODD_TARGETS[dice.below(ODD_TARGETS.length)] ?? '//'
    case 1:
      return `${dice.pick(PATHS[door])}${'x'.repeat(dice.below(20_000))}`
    case 2:
      return `${upload}${dice.pick(TAILS)}`
    case 3:
      return `${dice.pick(['http://localhost', 'https://x:99999', '//', 'x:', '*'])}${dice.pick(PATHS[door])}`
    default:
      return `${dice.pick(PATHS[door])}${dice.pick(TAILS)}`
  }
}

function oddAuthorization({ token }: Means, dice: Random): string[] {
  const forged = `${token.slice(0, -4)}AAAA`
  const value = dice.pick([token, token, token, forged, 'a.b.c', 'x'.repeat(3000), `${token}.x`])
  return dice.below(3) === 0
    ? []
    : [`Authorization: ${dice.pick(['Bearer', 'Bearer', 'Bearer', 'Basic', ''])} ${value}`]
}

function plainFraming(method: string, dice: Random): [string[], string] {
  if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return [[], '']
  const body = dice.pick([JOIN, '{"manifests":[]}', '{}', 'a.b.c', 'x'.repeat(1000)])
  return [[`Content-Length: ${body.length}`], body]
}

/** The headers that say how long the body is, and a body that agrees with them or does not. */
function oddFraming(dice: Random): [string[], string] {
  const json = dice.pick([
    JOIN,
    '{}',
    '{',
    '[]',
    '"x"',
    '{"manifests":["x"]}',
    `[${'['.repeat(5000)}`,
    '\u00ff\u00fe',
  ])
  switch (dice.below(7)) {
    case 0:
      return [[`Content-Length: ${json.length}`], json]
    case 1:
      return [[`Content-Length: ${dice.pick(VALUES)}`], json]
    case 2:
      return [[`Content-Length: ${json.length}`, `Content-Length: ${dice.pick(VALUES)}`], json]
    case 3:
      return [[`Transfer-Encoding: ${dice.pick(CODINGS)}`], dice.pick(CHUNKS)]
    case 4:
      return [[`Content-Length: ${json.length}`, 'Transfer-Encoding: chunked'], dice.pick(CHUNKS)]
    case 5:
      return [['Content-Length: 40000'], 'x'.repeat(dice.below(60_000))]
    default:
      return [[], '']
  }
}

function oddHeader(dice: Random): string {
  const value = dice.pick(VALUES)
  return dice.pick([
    'Tus-Resumable: 1.0.0',
    'Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream',
    `Tus-Resumable: 1.0.0\r\nUpload-Length: ${value}\r\nUpload-Metadata: pack ${dice.pick(['MDFK', '', '=', '%%', 'Li4vLi4v'])}`,
    `Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: ${value}`,
    `Upload-Metadata: ${value} ${value},${'a b,'.repeat(dice.below(200))}`,
    `X-HTTP-Method-Override: ${dice.pick(METHODS)}`,
    `Connection: ${dice.pick(['close', 'keep-alive', 'Upgrade', 'Upgrade, HTTP2-Settings', 'transfer-encoding', value])}`,
    `Upgrade: ${dice.pick(['websocket', 'h2c', 'TLS/1.3', value])}\r\nConnection: Upgrade`,
    `Expect: ${dice.pick(['100-continue', '200-ok', '', value])}`,
    `X-Long: ${'x'.repeat(dice.below(30_000))}`,
    'X-Many: y\r\n'.repeat(dice.below(300)).trimEnd() || 'X: y',
    ' folded: x',
    'No colon',
    `Spaced : ${value}`,
    `: ${value}`,
    `\u0000: ${value}`,
    `Cookie: ${value}`,
    'Content-Encoding: gzip',
    'Accept-Encoding: *;q=x',
    `Range: bytes=${value}-`,
  ])
}
