import { Random } from '../random.ts'

/** Every kind of AE title that a device may be set to, whether the standard allows it or not. */
const AE_TITLE_KINDS = {
  plain: ['CT1', 'DR-2', 'us_room.3', 'A', 'SIXTEEN_CHARS_16'],
  spaces: ['CT ROOM 1', 'A  B', 'X RAY'],
  dash: ['-CT1', '--kind', '-', '--', '--json'],
  quotes: [`O'HARA`, `"CT"`, `'"'`, `'`, `"`],
  dollar: ['CT$1', '$HOME', '$(id)', '${A}', '`id`', '$$'],
  shell: [
    'A;B',
    'A&B',
    'A|B',
    'A>B',
    '<A',
    'A*',
    '?',
    '~',
    '#CT',
    '!CT',
    '!!',
    '(A)',
    '{A,B}',
    '[A]',
    '^A',
    '%OS%',
    'A=B',
  ],
  yaml: [
    'null',
    'yes',
    '0123',
    '1E5',
    '- A',
    'A: B',
    '# A',
    '&A',
    '*A',
    '*',
    '@',
    '@A',
    'A@B',
    'A@1.2.3.4',
    '::',
    "''",
  ],
  hex: ['hex:41', 'HEX:4', 'hex:'],
  backslash: ['A\\B', '\\', '\\n'],
  control: ['A\tB', 'A\nB', '\x1b[2J', 'A\x7f', '\x01'],
  foreign: ['CT\xe9', '\xb5\xda\xd2\xbb\xca\xd2', '\xff', '\x85'],
  blank: [''],
} as const satisfies Record<string, readonly string[]>

/** Those that a device can be let in under: the default repertoire without backslash, 1 to 16 characters (PS3.5 §6.2). */
export const isFitAeTitle = (title: string): boolean => /^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title)

/** All of the kinds, and `count` made of one to sixteen bytes by chance, without outer padding. */
export function aeTitles(seed: number, count: number): string[] {
  const random = new Random(seed)
  const bytes = (isPrintable: boolean): string => {
    const length = 1 + random.below(16)
    const [from, to] = isPrintable ? [0x20, 0x7f] : [0, 0x100]
    return Array.from({ length }, () => String.fromCharCode(from + random.below(to - from))).join('')
  }
  const made = Array.from({ length: count }, (_, i) => bytes(i % 3 !== 0).replace(/^[\0 ]+|[\0 ]+$/g, ''))
  return Array.from(new Set([...Object.values(AE_TITLE_KINDS).flat(), ...made]))
}
