import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { causesIn, isSentence } from '../../src/console/language/cause-text.ts'
import { speak } from '../../src/console/language/language.ts'
import { CAUSES_IN_CHINESE } from '../../src/console/language/zh/causes/causes-zh.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { statusView } from '../../src/console/views/status-view.ts'
import { DEVICE, LOSSES, NOTICES, product, WORLDS } from '../support/status-situations.ts'

const inChinese = causesIn('zh')
const UNKNOWN = '原文加 --verbose 显示'

/** Codes of failures whose causes people meet: they are shown by the status, a list or a command. */
const MET =
  /^(CENTER_(?!ANSWER)\w+|AGENT_\w+|NOT_ENROLLED|JOIN_CODE_INVALID|TOKEN_TIME|STORAGE_\w+|STORE_MISSING|SPOOL_FILE_(MISSING|DAMAGED)|FOLDER_NOT_PRIVATE|ALREADY_RUNNING|PORT_IN_USE|ASSOCIATION_\w+|STORE_REFUSED|TLS_FAILED|COMMITMENT_UNREPORTED|ORDERS_\w+|MESSAGE_INVALID|REPORT_UNASSIGNED|PACS_\w+|DATABASE_NEWER)$/

/** Made by a command line of the center that its operator has typed; they are not causes that come by themselves. */
const TYPED = /^(finding an agent|approving)/

interface Cause {
  readonly file: string
  readonly code: string
  readonly text: string
}

const LITERAL = String.raw`(\x60(?:[^\x60\\]|\\.)*\x60|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")`

/** Every message that the source writes in the place of one, values filled in; what the system adds is ECONNREFUSED. */
function causesOfSource(): Cause[] {
  return globSync('src/{agent,center,dimse,dicomweb,platform,protocol}/**/*.ts').flatMap((file) => {
    const source = readFileSync(file, 'utf8')
    const own = source.matchAll(
      new RegExp(String.raw`new (?:Failure|HttpRefusal)\(\s*(?:\d+,\s*)?'(\w+)',\s*${LITERAL}`, 'g'),
    )
    const foreign = source.matchAll(
      new RegExp(String.raw`(?:failureFrom\(\s*\w+,\s*'(\w+)'|storageFailure\(\s*\w+),\s*${LITERAL}`, 'g'),
    )
    return [
      ...Array.from(own, ([, code = '', text = '']) => ({ file, code, text: filled(text) })),
      ...Array.from(foreign, ([, code = 'STORAGE_ERROR', text = '']) => ({
        file,
        code,
        text: `${filled(text)}: ECONNREFUSED: connect ECONNREFUSED`,
      })),
    ]
  })
}

/** A value can be a sentence that is made elsewhere: `found` and the like are looked at by their own tests. */
function filled(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, 'X1')
}

test('a cause that the program can name is not an English sentence in Chinese', () => {
  const causes = causesOfSource()
  expect(causes.length).toBeGreaterThan(200)
  expect(causes.map(({ text }) => inChinese(text)).filter(isSentence)).toEqual([])
})

test('every cause that people meet has words of its own in Chinese', () => {
  const silent = causesOfSource()
    .filter(({ code, text }) => MET.test(code) && !TYPED.test(text) && !/: X1(:|$)/.test(text))
    .filter(({ text }) => inChinese(text) === UNKNOWN)
  expect(silent).toEqual([])
})

/** The calls and properties whose text is a sentence about a peer, or the part of one. */
const ABOUT_PEERS = [
  String.raw`(?:violation|BrokenOff|failed|malformed|invalidRequest|badPdv)\((?:[\w.' ]+,\s*)*`,
  String.raw`(?:words|message)(?:: | = )`,
].map((before) => before + LITERAL)
const WAITED_FOR = String.raw`(?:timedOut\(|(?:[wW]atchdog|deadline)\.set\([^,]+, )` + LITERAL
/** Files in which every text is about a peer. */
const WHOLLY_ABOUT_PEERS = /(tls-words|certificate-faults|request-trouble)\.ts$/
/** Sentences that are made of parts, by a part: a text counts if it has words in one of them. */
const AROUND: readonly ((part: string) => string)[] = [
  (part) => part.replaceAll('(X1)', '(CN=a, issued by CN=b)').replace('X1s too', 'clients too'),
  (part) => `its certificate ${part.replace(/^X1 /, '')}`,
  (part) => `its certificate (CN=a, issued by CN=b) ${part.replace(/^X1 \(X1\) /, '')}`,
  (part) => `it sent ${part} instead of a request for an association`,
]
/** Names, and frames into which parts are put that are looked at themselves. */
const NOT_ALONE: ReadonlySet<string> = new Set([
  'signing code',
  'time stamps',
  'its certificate',
  'the certificate of its issuer',
  'the certificate of its issuer X1',
  'X1, issued by X1',
  'its certificate (X1) X1',
  'it sent X1 X1',
  'instead of a request for an association (A-ASSOCIATE-RQ)',
])

/** Every text in the source from which the protocol and TLS make a sentence about a device or another peer. */
function textsAboutPeers(): string[] {
  return globSync('src/dimse/{wire,association,scp,scu,tls}/*.ts').flatMap((file) => {
    const source = readFileSync(file, 'utf8').replaceAll(/^ *(\/?\*|\/\/|import ).*$/gm, '')
    const textsBy = (pattern: string): string[] =>
      Array.from(source.matchAll(new RegExp(pattern, 'g')), (found) => filled(found.at(-1) ?? ''))
    if (WHOLLY_ABOUT_PEERS.test(file)) return textsBy(LITERAL)
    const waits = textsBy(WAITED_FOR).map((waitedFor) => `waiting for ${waitedFor} took too long`)
    return [...ABOUT_PEERS.flatMap(textsBy), ...waits]
  })
}

const hasWords = (text: string): boolean => AROUND.some((around) => inChinese(around(text)) !== UNKNOWN)

test('every reason for which the center holds an instance has words in Chinese', () => {
  const source = readFileSync('src/center/register/sqlite/decide-claim.ts', 'utf8')
  const reasons = Array.from(
    source.matchAll(/\['(?:unreadable|foreign|conflict)', ['`]([^'`]+)['`]\]/g),
    ([, it = '']) => it.replace(/\$\{[^}]+\}/, 'zeros within the data set'),
  )
  expect(reasons.length).toBeGreaterThanOrEqual(5)
  expect(reasons.filter((reason) => !/\p{Script=Han}/u.test(inChinese(reason)))).toEqual([])
  expect(reasons.map((reason) => inChinese(reason))).not.toContain(UNKNOWN)
})

test('every text about a peer in the protocol and in TLS has words in Chinese', () => {
  const texts = textsAboutPeers().filter((text) => isSentence(text) && !NOT_ALONE.has(text))
  expect(texts.length).toBeGreaterThan(80)
  expect(texts.filter((text) => !hasWords(text))).toEqual([])
  expect(hasWords('its certificate has a colour that no table knows')).toBe(false)
})

test.each([
  [
    'its request for an association breaks the DICOM standard (PS3.8 §9.3.2): the presentation context ID 4 is even, and only odd ones are allowed',
    '表示上下文 ID 4 是偶数，只能用奇数',
  ],
  [
    'its presentation context 3 breaks the DICOM standard (PS3.8 §9.3.2.2) and is refused: it has no transfer syntax',
    '表示上下文 3 被拒绝：没有传输语法',
  ],
  [
    'its certificate (CN=ct1, issued by CN=maker) is vouched for by none of the authorities listed here',
    '对方的证书（CN=ct1）由 CN=maker 颁发，此处信任的颁发机构都不能证明它',
  ],
  [
    'its certificate (CN=ct1) expired on Jan  1 00:00:00 2026 GMT',
    '对方的证书（CN=ct1）已于 Jan  1 00:00:00 2026 GMT 到期',
  ],
  ['it shares no cipher suite of the profile (ERR_SSL_NO_SHARED_CIPHER)', '双方没有共同的加密套件'],
])('a problem of a device is told in Chinese: %j', (cause, words) => {
  expect(inChinese(cause)).toBe(words)
})

test.each([
  [
    'connecting to https://center:8443: ECONNREFUSED',
    'https://center:8443：对方拒绝连接（程序未运行，或端口不对），ECONNREFUSED',
  ],
  ['connecting to 10.0.0.1:8443: ENETUNREACH', '10.0.0.1:8443：没有通往该地址的网络，ENETUNREACH'],
  [
    'connecting to 10.0.0.1: it shows the key AbC123…, not one that the center announced; nothing was sent',
    '出示的密钥 AbC123… 不是中心公布的；没有发送任何内容',
  ],
  ['90.4 MiB free on the disk, and 100 MiB are kept in reserve', '磁盘剩余 90.4 MiB，须预留 100 MiB'],
  ['the center confirmed 3 instances that it does not have (occurrence 2)', '中心曾称已保存，却又缺少 3 幅'],
  ...['1 study', '2 studies'].map((studies) => [
    `the center has lost ${studies} that it had receipted (an older backup, or a bad disk?); sending again`,
    `中心丢失了已签收的检查 ${studies[0]} 个（恢复了旧备份，或磁盘损坏？）`,
  ]),
  [
    'its newest rows are missing: the machine stopped while images came in, or an older copy was put back; 12 instances were accepted again from the spool, and the center is asked which it has',
    '索引缺少最新的记录（接收影像时断电，或放回了旧的索引）；已从封存文件重新登记 12 幅',
  ],
  [
    'the center answers POST /v1/packs: checking an access token: the clocks of agent and center are 400 s apart',
    '前置机与中心的时钟相差 400 秒',
  ],
  ['joining the center: the join code was used already: ask the center for a new one', '加入码已经用过'],
  ['it speaks TLS on port 19301, which is without TLS', '它在未启用 TLS 的端口 19301 上使用了 TLS'],
  [
    'opening /data/index.sqlite: SQLITE_CANTOPEN: unable to open database file',
    '/data/index.sqlite：无法打开数据库文件（权限或路径），SQLITE_CANTOPEN',
  ],
  [
    'writing /data/spool/00/x: SQLITE_IOERR_WRITE: disk I/O error',
    '/data/spool/00/x：磁盘读写出错，SQLITE_IOERR_WRITE',
  ],
  ['something that no table knows', UNKNOWN],
  ['FERRY2', 'FERRY2'],
  ['10.0.0.7, 10.0.0.8', '10.0.0.7, 10.0.0.8'],
  ['配置有错误', '配置有错误'],
])('%j', (cause, words) => {
  expect(inChinese(cause)).toBe(words)
})

test('verbose shows the cause as it is, in both languages', () => {
  const cause = 'connecting to 10.0.0.1:8443: ENETUNREACH'
  expect(causesIn('zh', { verbose: true })(cause)).toBe(
    `10.0.0.1:8443：没有通往该地址的网络，ENETUNREACH [${cause}]`,
  )
  expect(causesIn('zh', { verbose: true })('something that no table knows')).toBe(
    'something that no table knows',
  )
  expect(causesIn('en')(cause)).toBe(cause)
})

test('a sentence is known from codes, addresses, UIDs and AE titles', () => {
  for (const text of ['the line broke', 'reading a request: no', 'Nothing was sent'])
    expect([text, isSentence(text)]).toEqual([text, true])
  for (const text of ['ECONNREFUSED', 'https://center:8443', '1.2.840.10008', 'CT1 (10.0.0.9)', 'spool/00/x'])
    expect([text, isSentence(text)]).toEqual([text, false])
})

test('an entry after a more general one is never reached', () => {
  const unreached = CAUSES_IN_CHINESE.filter(([cause, words]) => {
    const said = inChinese(cause.replaceAll(/\{(\w+)\*?\}/g, '7'))
    return said !== words.replaceAll(/\{\w+\}/g, '7')
  })
  expect(unreached).toEqual([])
})

test('the status in Chinese has no English sentence in any state', () => {
  const [say, found] = [speak('zh'), new Set<string>()]
  for (const { status } of product(WORLDS[0], DEVICE, NOTICES, ...LOSSES)) {
    const { headline, findings } = statusView(status, assessHealth(status, say, 'zh'), say, 'zh')
    const lines = findings.flatMap(({ what, advice }) => [what, ...advice.map(({ text }) => text)])
    for (const line of [headline, ...lines]) if (isSentence(line)) found.add(line)
  }
  expect([...found]).toEqual([])
})
