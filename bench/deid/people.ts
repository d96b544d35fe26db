/** An invented person: everything that identifies a person in the planted set. */
export interface Person {
  readonly number: number
  /** As Patient's Name has it; Chinese ones with a second component group. */
  readonly name: string
  readonly isChinese: boolean
  readonly id: string
  /** DA. */
  readonly birthDate: string
  readonly accession: string
  readonly phone: string
  readonly address: string
  readonly idCard: string
  readonly physician: string
}

const CHINESE = [
  'Ouyang^Jianguo=欧阳^建国',
  'Zhuge^Lina=诸葛^丽娜',
  'Zeng^Guohua=曾^国华',
  'Murong^Xiaodong=慕容^晓东',
  'Xue^Yutong=薛^雨桐',
  'Zou^Zihan=邹^梓涵',
  'Lü^Hongmei=吕^红梅',
  'Hao^Zhiqiang=郝^志强',
]
const LATIN = [
  'Müller-Thurgau^Jörg',
  'Okonkwo^Adaeze',
  'Quistgaard^Bertil',
  'Vanterpool^Marisela',
  'Szczepanik^Ludmila',
  'Bränström^Göran',
  'Ibarruri^Consuelo',
  'Achterberg^Wilhelmina',
]

function personOf(number: number): Person {
  const isChinese = number % 2 === 0
  const names = isChinese ? CHINESE : LATIN
  const birthDate = `19${40 + ((number * 7) % 55)}${two(1 + ((number * 5) % 12))}${two(13 + (number % 16))}`
  const serial = String(3_741_903 + number * 104_729)
  return {
    number,
    name: names[(number >> 1) % names.length] ?? '',
    isChinese,
    id: isChinese ? `90${serial}7` : `MRN-${serial}`,
    birthDate,
    accession: `ACC${serial.slice(1)}4`,
    phone: `139${String(27_480_351 + number * 7_919)}`,
    address: isChinese ? `江宁市幸福北路${31 + number}号` : `Krokusweg ${131 + number}, Entenhausen`,
    idCard: withCheckDigit(`110105${birthDate}${String(205 + number * 3)}`),
    physician: isChinese ? 'Shangguan^Minghui=上官^明辉' : 'Lindqvist^Ottilie',
  }
}

/** Everything of a person that must not be found again, a line each. */
export function identityLines(person: Person): string[] {
  const { name, id, birthDate, accession, phone, address, idCard, physician } = person
  return [name, id, birthDate, accession, phone, address, idCard, physician]
}

/** How people and devices write these into free text. */
export function waysToWrite(person: Person): string[] {
  const { name, id, birthDate, accession, phone, address, idCard } = person
  const [year, month, day] = [birthDate.slice(0, 4), birthDate.slice(4, 6), birthDate.slice(6)]
  const [letters = '', characters] = name.split('=')
  const [family = '', given = ''] = letters.split('^')
  const written = [`${family} ${given}`, `${given} ${family}`, `${family}, ${given}`.toUpperCase(), letters]
  const [last = '', first = ''] = (characters ?? '').split('^')
  const chinese = characters === undefined ? [] : [last + first, `${last} ${first}`, `${last}^${first}`]
  const dates = [birthDate, `${year}-${month}-${day}`, `${day}.${month}.${year}`, `${year}/${month}/${day}`]
  const phones = [phone, `+86 ${phone}`, `${phone.slice(0, 3)} ${phone.slice(3, 7)} ${phone.slice(7)}`]
  const inChinese = person.isChinese ? [`${year}年${Number(month)}月${Number(day)}日`] : []
  return [...written, ...chinese, ...dates, ...inChinese, ...phones, id, accession, idCard, address]
}

/** GB 11643: weights by powers of two, modulo 11. */
function withCheckDigit(digits: string): string {
  const sum = Array.from(digits).reduce((total, digit, i) => total + Number(digit) * (2 ** (17 - i) % 11), 0)
  return `${digits}${'10X98765432'[sum % 11]}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

export const PEOPLE: readonly Person[] = Array.from({ length: 24 }, (_, number) => personOf(number))
