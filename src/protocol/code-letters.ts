/** Digits and letters without I, L, O and U: 32 symbols that can be read aloud and typed. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** The letters that people type for a digit. */
const MEANT: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0' }

/** Symbols of one group, before its check symbol. */
const GROUP = 4
/** x^5 + x^2 + 1, which makes 2 a generator of the field of 32 elements. */
const FIELD = 0b100101

/** Letters as a person typed them, in the form in which they are compared: capitals, digits for the letters like them. */
export function meantLetters(typed: string): string {
  const letters = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
  return letters.replace(/[ILO]/g, (letter) => MEANT[letter] ?? letter)
}

/** Returns the first `symbols` × 5 bits as symbols. */
export function symbolsOf(bytes: Uint8Array, symbols: number): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5 && text.length < symbols; bits -= 5)
      text += SYMBOLS[(held >> (bits - 5)) & 31] ?? ''
  }
  return text
}

/** Splits symbols into groups of four, each followed by its check symbol. */
export function checkedGroups(symbols: string): string[] {
  const groups = symbols.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []
  return groups.map((group, at) => group + checkSymbol(group, at))
}

/** Symbols with their check symbols, read again: the symbols alone, or the first group (from 1) that is not right. */
export function readGroups(letters: string): { symbols: string } | { wrongGroup: number } {
  const groups = letters.match(new RegExp(`.{1,${GROUP + 1}}`, 'g')) ?? []
  const wrong = groups.findIndex((group, at) => group.at(GROUP) !== checkSymbol(group.slice(0, GROUP), at))
  if (wrong >= 0) return { wrongGroup: wrong + 1 }
  return { symbols: groups.map((group) => group.slice(0, GROUP)).join('') }
}

/**
 * The sum, in the field of 32 elements, of each symbol times another power of 2, and of the group's number. So it finds
 * every wrong symbol, every pair of symbols that changed places, and groups that changed places. Returns undefined if a
 * letter is not a symbol.
 */
function checkSymbol(group: string, at: number): string | undefined {
  const values = Array.from(group, (symbol) => SYMBOLS.indexOf(symbol))
  if (values.includes(-1)) return undefined
  return SYMBOLS[values.reduce((sum, value, i) => sum ^ timesPowerOfTwo(value, i + 1), at + 1)]
}

function timesPowerOfTwo(value: number, power: number): number {
  let product = value
  for (let i = 0; i < power; i++) product = product & 16 ? (product << 1) ^ FIELD : product << 1
  return product
}
