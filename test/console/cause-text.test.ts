import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { causesIn, isSentence } from '../../src/console/language/cause-text.ts'
import { speak } from '../../src/console/language/language.ts'
import { CAUSES_IN_CHINESE } from '../../src/console/language/zh/causes-zh.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { statusView } from '../../src/console/views/status-view.ts'
import { DEVICE, LOSSES, NOTICES, product, WORLDS } from '../support/status-situations.ts'

const inChinese = causesIn('zh')
const UNKNOWN = '原文加 --verbose 显示'

/** Codes of failures whose causes people meet: they are shown by the status, a list or a command. */
const MET =
  /^(CENTER_(?!ANSWER)\w+|AGENT_\w+|NOT_ENROLLED|JOIN_CODE_INVALID|TOKEN_TIME|STORAGE_\w+|STORE_MISSING|SPOOL_FILE_(MISSING|DAMAGED)|FOLDER_NOT_PRIVATE|ALREADY_RUNNING|PORT_IN_USE|ASSOCIATION_\w+|STORE_REFUSED|TLS_FAILED|COMMITMENT_UNREPORTED|PACS_\w+|DATABASE_NEWER)$/

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
  [
    'an older copy of it was put back; 12 instances were accepted again from the spool, and the center is asked which it has',
    '有人放回了旧的索引；已从封存文件重新登记 12 幅',
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
