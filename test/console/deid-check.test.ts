import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { LeftoverSearch, StreamSearch } from '../../src/leftovers/leftover-search.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const NAME = 'Zhang^Xiaoming=张^小明'
const found = (identity: string, bytes: Buffer) =>
  new LeftoverSearch([{ line: 1, text: identity }]).search(bytes)
/** Pairs of bytes from A1 on, with seven bits each. */
const sevenBit = (text: string, encoding: string): string =>
  Buffer.from(iconv.encode(text, encoding).map((byte) => byte & 0x7f)).toString('latin1')
/** Bytes between which nothing can begin. */
const noise = (bytes: number): Buffer => Buffer.alloc(bytes, 0xff)

describe('a name', () => {
  test.each([
    ['UTF-8', iconv.encode('张小明', 'utf8')],
    ['GB18030', iconv.encode('张小明', 'gb18030')],
    ['UTF-16, little endian', iconv.encode('张小明', 'utf-16le')],
    ['UTF-16, big endian', iconv.encode('张小明', 'utf-16be')],
    ['ISO 2022 IR 58', Buffer.from('\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xc3\xf7', 'latin1')],
    ['two components', iconv.encode('张^小明', 'gb18030')],
    ['two component groups', iconv.encode('张=小明', 'utf8')],
    ['the other order', iconv.encode('小明 张', 'utf8')],
    ['the given name alone', iconv.encode('小明', 'gb18030')],
    ['pinyin', Buffer.from('ZHANG XIAO MING')],
    ['pinyin, joined', Buffer.from('zhangxiaoming')],
    ['pinyin, the other order', Buffer.from('XiaoMing^Zhang')],
    ['pinyin in UTF-16', iconv.encode('Xiaoming, Zhang', 'utf-16le')],
  ])('is found in %s', (_, bytes) => {
    const planted = Buffer.concat([noise(7), bytes, noise(9)])
    expect(found('张小明', planted)).not.toEqual([])
    expect(found(NAME, planted)).not.toEqual([])
    expect(found('李^四维', planted)).toEqual([])
  })

  test.each(['ZHANG', 'XIAO', '张', '明小', 'zhangxiao', 'xzhang xiaox'])(
    'a name is not found in %s',
    (text) => {
      expect(found(NAME, Buffer.from(text))).toEqual([])
    },
  )

  test('a Japanese name is found in Shift_JIS, EUC-JP and ISO 2022 IR 87', () => {
    for (const encoding of ['shift_jis', 'euc-jp']) {
      expect(found('山田^太郎', iconv.encode('x山田 太郎x', encoding))).toHaveLength(1)
    }
    expect(found('山田^太郎', Buffer.from('\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1'))).toHaveLength(1)
    // Two pairs without an escape are letters and signs as likely.
    expect(found('山田', Buffer.from(';3ED', 'latin1'))).toEqual([])
  })

  test('a name is found in pairs of seven bits of each national set, right after an escape and after other text', () => {
    for (const [name, encoding, escape] of [
      ['张小明', 'gb2312', '\x1b$A'],
      ['홍길동', 'euc-kr', '\x1b$(C'],
      ['山田太郎', 'euc-jp', '\x1b$B'],
    ] as const) {
      const bytes = (before: string): Buffer =>
        Buffer.from(`no ${escape}${sevenBit(before + name, encoding)}\x1b(B.`, 'latin1')
      expect(found(name, bytes(''))).not.toEqual([])
      expect(found(name, bytes(encoding === 'euc-kr' ? '가' : '一'))).not.toEqual([])
    }
  })

  test('a name with rare characters is found in the four bytes that GB 18030 has for them', () => {
    for (const name of ['𠮷野', '㐁㐂', '홍길동'])
      expect(found(name, iconv.encode(name, 'gb18030'))).not.toEqual([])
  })

  test('a name in letters of other scripts is found in every encoding of them', () => {
    for (const [name, encoding] of [
      ['Иванова^Анна', 'koi8-r'],
      ['Иванова^Анна', 'windows-1251'],
      ['Παπαδόπουλος^Νίκος', 'windows-1253'],
      ['Łukasiewicz^Jan', 'windows-1250'],
    ] as const)
      expect(found(name, iconv.encode(name, encoding))).not.toEqual([])
  })

  test('a name with umlauts is found in Latin 1, written out, and without them', () => {
    for (const bytes of [
      iconv.encode('MÜLLER'.toLowerCase(), 'latin1'),
      Buffer.from('Mueller'),
      Buffer.from('MULLER'),
    ])
      expect(found('Müller^Jörg', bytes)).toHaveLength(1)
  })
})

test.each(['19700131', '1970-01-31', '31.1.1970', '01/31/1970', '31-JAN-1970', '1970年1月31日'])(
  'a date of birth is found as %s',
  (text) => {
    for (const encoding of ['utf8', 'gb18030', 'utf-16be'])
      expect(found('1970-01-31', iconv.encode(`:${text};`, encoding))).toHaveLength(1)
    expect(found('1970-02-01', Buffer.from(text))).toEqual([])
  },
)

test('telephone and ID card numbers are found in groups', () => {
  expect(found('13800138000', Buffer.from('+86 13800138000'))).toHaveLength(1)
  expect(found('138-0013-8000', Buffer.from('138 0013 8000'))).toHaveLength(1)
  expect(found('13800138000', Buffer.from('913800138000'))).toEqual([])
  expect(found('11010519491231002X', Buffer.from('110105 19491231 002x'))).toHaveLength(1)
})

test('numbers of ID cards are found unasked, in bytes and in UTF-16, by their check character', () => {
  const search = new LeftoverSearch([])
  expect(search.search(Buffer.from('no. 11010519491231002X.'))).toEqual([{ line: 0, start: 4, end: 22 }])
  expect(search.search(iconv.encode('no. 11010519491231002X', 'utf-16le'))).toHaveLength(1)
  expect(search.search(iconv.encode('no. 11010519491231002X', 'utf-16be'))).toHaveLength(1)
  expect(search.search(Buffer.from('no. 110105194912310021.'))).toEqual([])
  expect(search.search(Buffer.from('1110105194912310021X'))).toEqual([])
})

const seed = Date.now() % 2 ** 31
test(`how a file is cut into chunks changes nothing (seed ${seed})`, () => {
  const search = new LeftoverSearch([{ line: 3, text: NAME }])
  const planted = ['ZHANG,XIAOMING', '张小明', '小明']
  const content = Buffer.concat(
    planted.flatMap((text, i) => [noise(20_000 + i), iconv.encode(text, i === 1 ? 'gb18030' : 'utf8')]),
  )
  const whole = search.search(content)
  expect(whole).toHaveLength(3)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1 }), (sizes) => {
      const stream = new StreamSearch(search)
      const matches = []
      for (let at = 0, i = 0; at < content.length; i++) {
        const next = at + (sizes[i % sizes.length] ?? 1) + 500
        matches.push(...stream.push(content.subarray(at, next)))
        at = next
      }
      expect([...matches, ...stream.finish()]).toEqual(whole)
    }),
    // The first: a chunk ends in the middle of a name whose end is one of its forms, too.
    { seed, numRuns: propertyRuns(20), examples: [[[4187, 23_006, 1]]] },
  )
})

/** A folder with what is planted, and the identities beside it. */
function plant(folder: ReturnType<typeof tempFolder>): void {
  mkdirSync(folder.join('out', 'sub'), { recursive: true })
  writeFileSync(folder.join('ids.txt'), `# one a line\n\n${NAME}\nP0012345\n`)
  writeFileSync(folder.join('out', 'clean.dcm'), noise(5000))
}

test('deid check says what was found, where, and by which line, but not the identity', async () => {
  using folder = tempFolder()
  plant(folder)
  writeFileSync(
    folder.join('out', 'sub', 'a.dcm'),
    Buffer.concat([noise(100), iconv.encode('张小明', 'gb18030')]),
  )
  writeFileSync(folder.join('out', 'ZHANG_XIAOMING.dcm'), noise(10))
  const args = ['deid', 'check', 'out', '--identities', 'ids.txt']
  const { exitCode, out, err } = await runCommand(folder.path, args)
  expect(exitCode).toBe(1)
  expect(out).toMatch(/3 +content +100 +1 +sub\/a\.dcm/)
  expect(out).toMatch(/3 +file name +0 +1 +\*+\.dcm/)
  expect(out + err).not.toMatch(/zhang|张/i)
  expect(err).toContain('3 files were searched for 2 identities')
  const json = JSON.parse((await runCommand(folder.path, [...args, '--json'])).out)
  expect(json.findings).toContainEqual({
    path: 'sub/a.dcm',
    line: 3,
    where: 'content',
    offset: 100,
    count: 1,
  })
  const shown = await runCommand(folder.path, [...args, '--show'])
  expect(shown.out).toContain(`3 ${NAME}`)
  expect(shown.out).toContain('ZHANG_XIAOMING.dcm')
})

test('nothing found is exit code 0', async () => {
  using folder = tempFolder()
  plant(folder)
  const args = ['deid', 'check', 'out', '--identities', 'ids.txt']
  expect(await runCommand(folder.path, args)).toMatchObject({ exitCode: 0, out: '' })
})

test('a deflated data set is searched as it reads inflated', async () => {
  using folder = tempFolder()
  plant(folder)
  const header = encodePart10Header({
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian,
  })
  const content = Buffer.concat([noise(3_000_000), Buffer.from('ZHANG^XIAOMING ')])
  writeFileSync(folder.join('out', 'deflated.dcm'), Buffer.concat([header, deflateRawSync(content)]))
  const args = ['deid', 'check', 'out', '--identities', 'ids.txt', '--json']
  const { exitCode, out } = await runCommand(folder.path, args)
  expect([exitCode, JSON.parse(out).findings]).toEqual([
    1,
    [{ path: 'deflated.dcm', line: 3, where: 'inflated', offset: 3_000_000, count: 1 }],
  ])
  writeFileSync(folder.join('out', 'deflated.dcm'), Buffer.concat([header, Buffer.from('no deflate stream')]))
  const broken = await runCommand(folder.path, args)
  expect([broken.exitCode, JSON.parse(broken.out).unreadable]).toMatchObject([1, [{ path: 'deflated.dcm' }]])
})

test('identities saved by a Chinese editor in GB18030 are read', async () => {
  using folder = tempFolder()
  plant(folder)
  writeFileSync(folder.join('ids.txt'), iconv.encode('张小明\r\n', 'gb18030'))
  writeFileSync(folder.join('out', 'a.txt'), '张小明')
  const args = ['deid', 'check', 'out/a.txt', '--identities', 'ids.txt', '--json']
  expect(JSON.parse((await runCommand(folder.path, args)).out).findings).toMatchObject([{ line: 1 }])
})

test.each([
  ['a folder that is not there', ['none', '--identities', 'ids.txt'], 'looking into the folder: ENOENT'],
  ['identities that are not there', ['out', '--identities', 'none'], 'reading the identities: ENOENT'],
  ['identities without any', ['out', '--identities', 'empty'], 'reading the identities: the file holds none'],
  ['an identity that is too long', ['out', '--identities', 'long'], 'line 2 has more than 200 characters'],
])('%s: exit code 1', async (_, args, words) => {
  using folder = tempFolder()
  plant(folder)
  writeFileSync(folder.join('empty'), '# nobody\n')
  writeFileSync(folder.join('long'), `\n${'x'.repeat(201)}`)
  const { exitCode, err } = await runCommand(folder.path, ['deid', 'check', ...args])
  expect([exitCode, err]).toEqual([1, expect.stringMatching(/\((FILE_UNREADABLE|PATH_UNUSABLE)\)/)])
  expect(err).toContain(words)
})

test('a search without a folder is a mistake in the command line', async () => {
  using folder = tempFolder()
  const { exitCode, err } = await runCommand(folder.path, ['deid', 'check'])
  expect([exitCode, err]).toEqual([2, expect.stringContaining('ferry deid check needs folder')])
})

// Root reads everything.
const describeAsUser = process.getuid?.() === 0 ? describe.skip : describe
describeAsUser('a file that may not be read (skipped for root)', () => {
  test('a file that may not be read does not stop the others, and is said', async () => {
    using folder = tempFolder()
    plant(folder)
    writeFileSync(folder.join('out', 'a'), 'x')
    chmodSync(folder.join('out', 'a'), 0)
    const { exitCode, err } = await runCommand(folder.path, ['deid', 'check', 'out'])
    expect([exitCode, err]).toEqual([1, expect.stringContaining('EACCES')])
  })
})
