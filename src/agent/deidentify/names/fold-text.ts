import { SIMPLIFIED_TABLE } from './han-table.ts'

/**
 * Normalizes NFC text for comparison: full-width signs become ASCII, letters lose accents and tones, traditional
 * characters become simplified. The length does not change, so that positions in the result are positions in the text.
 */
export function foldText(composed: string): string {
  if (/^\p{ASCII}*$/u.test(composed)) return composed
  const folded = Buffer.allocUnsafe(composed.length * 2)
  for (let i = 0; i < composed.length; i++) {
    folded.writeUInt16LE(FOLDED[composed.charCodeAt(i)] ?? 0, i * 2)
  }
  return folded.toString('utf16le')
}

/**
 * Returns folded text in simplified and traditional characters: in every mixture if these are few, otherwise each
 * throughout.
 */
export function spellingsOf(folded: string): string[] {
  const characters = Array.from(folded, (one) => [one, ...(TRADITIONAL.get(one) ?? [])])
  const count = characters.reduce((product, ones) => product * ones.length, 1)
  if (count > MOST_SPELLINGS) return [folded, characters.map((ones) => ones.at(-1)).join('')]
  return characters.reduce<string[]>(
    (heads, ones) => heads.flatMap((head) => ones.map((one) => head + one)),
    [''],
  )
}

/** A name of four characters with two forms each. */
const MOST_SPELLINGS = 16

const PAIRS = Array.from(SIMPLIFIED_TABLE.matchAll(/(\S)(\S)/gu), ([, from = '', to = '']) => ({ from, to }))
/** By the simplified character. */
const TRADITIONAL: ReadonlyMap<string, readonly string[]> = makeTraditional()

const OTHERS: readonly (readonly [character: string, folded: string])[] = [
  ['\u00a0', ' '],
  ['\u3000', ' '],
  ['•', '·'],
  ['・', '·'],
  ['‧', '·'],
  ['ø', 'o'],
  ['Ø', 'O'],
  ['ł', 'l'],
  ['Ł', 'L'],
  ['đ', 'd'],
  ['Đ', 'D'],
  ['ı', 'i'],
]

/** The folded form of each code unit. */
const FOLDED: Uint16Array = makeTable()

function makeTable(): Uint16Array {
  const table = Uint16Array.from({ length: 0x1_0000 }, (_, code) => code)
  for (let code = 0xff01; code <= 0xff5e; code++) table[code] = code - 0xfee0
  for (let code = 0x2010; code <= 0x2015; code++) table[code] = 0x2d
  // Latin-1 Supplement, Latin Extended-A and -B; Latin Extended Additional.
  for (let code = 0xc0; code <= 0x24f; code++) table[code] = withoutAccent(code)
  for (let code = 0x1e00; code <= 0x1eff; code++) table[code] = withoutAccent(code)
  const others = OTHERS.map(([from, to]) => ({ from, to }))
  for (const { from, to } of [...others, ...PAIRS]) {
    if (to.length === 1) table[from.charCodeAt(0)] = to.charCodeAt(0)
  }
  return table
}

function makeTraditional(): Map<string, string[]> {
  const bySimplified = new Map<string, string[]>()
  for (const { from, to } of PAIRS) bySimplified.set(to, [...(bySimplified.get(to) ?? []), from])
  return bySimplified
}

function withoutAccent(code: number): number {
  const [letter = ''] = String.fromCharCode(code).normalize('NFD')
  return /^[A-Za-z]$/.test(letter) ? letter.charCodeAt(0) : code
}
