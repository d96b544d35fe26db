import { encode } from 'iconv-lite'

/** How an object declares its text, and how it writes it: not always the same. */
export interface Writing {
  /** Specific Character Set (0008,0005); empty = absent. */
  readonly declared: string
  readonly encode: (text: string) => Buffer
  /** The declaration does not fit the bytes: nothing but removal is asked of text then. */
  readonly isWrong: boolean
  /** Words around an identity, which stay. */
  readonly contexts: readonly (readonly [before: string, behind: string])[]
}

const PLAIN = [
  ['Thorax of ', ' supine'],
  ['follow-up ', ' without contrast'],
] as const
const WESTERN = [['Röntgen von ', ' im Liegen'], ['Thorax de ', ' couché'], ...PLAIN] as const
const CHINESE = [['胸部平扫 ', ' 仰卧位'], ['复查胸片 ', '，对比前片'], ...PLAIN] as const
const WORLD = [['Снимок ', ' лёжа'], ['胸部レントゲン ', ' 様'], ['흉부 ', ' 검사'], ...CHINESE] as const

export const CHINESE_WRITINGS: readonly Writing[] = [
  { declared: 'GB18030', encode: (text) => encode(text, 'gb18030'), isWrong: false, contexts: CHINESE },
  { declared: 'ISO_IR 192', encode: (text) => Buffer.from(text), isWrong: false, contexts: WORLD },
  { declared: 'GBK', encode: (text) => encode(text, 'gbk'), isWrong: false, contexts: CHINESE },
  { declared: 'ISO_IR 100', encode: (text) => encode(text, 'gb18030'), isWrong: true, contexts: CHINESE },
  { declared: '\\ISO 2022 IR 58', encode: escaped, isWrong: false, contexts: PLAIN },
  { declared: '', encode: (text) => Buffer.from(text), isWrong: true, contexts: WORLD },
]

export const LATIN_WRITINGS: readonly Writing[] = [
  { declared: 'ISO_IR 100', encode: (text) => encode(text, 'latin1'), isWrong: false, contexts: WESTERN },
  { declared: 'ISO_IR 192', encode: (text) => Buffer.from(text), isWrong: false, contexts: WORLD },
  { declared: 'GB18030', encode: (text) => encode(text, 'latin1'), isWrong: true, contexts: PLAIN },
]

/** GB 2312 in G1, by an escape in front of each run (PS3.3 §C.12.1.1.2, PS3.5 annex K). */
function escaped(text: string): Buffer {
  const runs = text.match(/\p{ASCII}+|\P{ASCII}+/gu) ?? []
  return Buffer.concat(
    runs.flatMap((run) =>
      /^\p{ASCII}/u.test(run)
        ? [Buffer.from(run)]
        : [Buffer.from('\x1b$)A', 'latin1'), encode(run, 'gb18030')],
    ),
  )
}
